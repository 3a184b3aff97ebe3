package pg

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Home is where a server keeps its data, as it says itself.
type Home struct {
	Data    string    // data_directory; "" where the role may not see it (pg_settings)
	Socket  bool      // it was reached through a socket of its own machine (inet_server_addr)
	Port    int       // it listens on
	Started time.Time // pg_postmaster_start_time()
}

// startSlack is how far the lock file and the server may differ about when the
// server started: it writes the file a little earlier, in whole seconds.
const startSlack = time.Minute

// Here tells whether the data directory is one of this machine and not one of
// the same name elsewhere: the server's own lock file lies in it, with its port
// and its start. Where that may not be read, only a server that we reach
// through a socket is known to be here; dialled is where we connected to.
func (h Home) Here(dialled string) bool {
	text, err := os.ReadFile(filepath.Join(h.Data, "postmaster.pid"))
	if err != nil {
		return os.IsPermission(err) && h.Socket && strings.HasPrefix(dialled, "/")
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) < 4 || strings.TrimSpace(lines[3]) != strconv.Itoa(h.Port) {
		return false
	}
	began, err := strconv.ParseInt(strings.TrimSpace(lines[2]), 10, 64)
	return err == nil && h.Started.Sub(time.Unix(began, 0)).Abs() < startSlack
}
