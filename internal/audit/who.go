package audit

import (
	"os"
	"os/user"
	"strconv"
	"strings"
)

// Who is the person behind a process, as far as the machine can tell.
type Who struct {
	UID      int    `json:"uid"`
	User     string `json:"user"`               // "" where the uid has no name
	LoginUID *int   `json:"loginuid,omitempty"` // who logged in, kept across su and sudo; nil where the kernel does not say
	From     string `json:"from,omitempty"`     // address of the SSH client; "" without one
}

// Me tells who runs this process. Source: getuid, /proc/self/loginuid, the
// first word of SSH_CONNECTION.
func Me() Who {
	who := Who{UID: os.Getuid(), LoginUID: loginUID("/proc/self/loginuid")}
	if u, err := user.Current(); err == nil {
		who.User = u.Username
	}
	who.From, _, _ = strings.Cut(os.Getenv("SSH_CONNECTION"), " ")
	return who
}

// loginUID reads the audit uid of the kernel; nil where it is not set.
func loginUID(path string) *int {
	const unset = 1<<32 - 1
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	uid, err := strconv.ParseUint(strings.TrimSpace(string(raw)), 10, 32)
	if err != nil || uid == unset {
		return nil
	}
	id := int(uid)
	return &id
}
