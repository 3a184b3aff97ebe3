package cli

import (
	"encoding/json"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"tocsin/collectors"
	"tocsin/internal/statedir"
)

// counted keeps what an application was seen to do for the next program, one
// small file in the state folder. Everybody who watches the target counts the
// same, so one of them writes it and the others leave it be.
type counted struct {
	state folder
	app   string
}

// countedVersion is the form of the file.
const countedVersion = 1

type countedFile struct {
	Version int `json:"version"`
	collectors.AppPast
}

// countedEvery is how fresh a file may be that is not written again.
const countedEvery = 45 * time.Second

func (c counted) path() string {
	return filepath.Join(c.state.dir, "counted", url.PathEscape(c.app)+".json")
}

// Recall implements collectors.AppMemory.
func (c counted) Recall() (collectors.AppPast, bool) {
	var file countedFile
	data, err := os.ReadFile(c.path())
	if err != nil || json.Unmarshal(data, &file) != nil || file.Version != countedVersion {
		return collectors.AppPast{}, false
	}
	return file.AppPast, true
}

// Keep implements collectors.AppMemory. The file is replaced as a whole, and
// nobody waits for a lock: whoever writes has counted all of it.
func (c counted) Keep(p collectors.AppPast) {
	if info, err := os.Stat(c.path()); err == nil {
		if age := time.Since(info.ModTime()); age >= 0 && age < countedEvery {
			return
		}
	}
	if err := c.write(p); err != nil {
		slog.Debug("what was counted is not kept", "app", c.app, "error", err)
	}
}

func (c counted) write(p collectors.AppPast) error {
	data, err := json.Marshal(countedFile{countedVersion, p})
	if err != nil {
		return err
	}
	return statedir.Replace(c.path(), data)
}
