package demo

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"
)

// journal is the world's own log, one JSON object a line: what really
// happened, to compare with what somebody saw.
type journal struct {
	mu   sync.Mutex
	file *os.File
}

// entry is one line of the journal.
type entry struct {
	At    time.Time `json:"at"`    // of a fault that was started, when that began
	Event string    `json:"event"` // ready, fault.started, fault.ended, build.live, ...
	Name  string    `json:"name,omitempty"`
	TookS float64   `json:"took_s,omitempty"` // from a fault's beginning until its consequence is there
	Error string    `json:"error,omitempty"`
}

func openJournal(path string) (*journal, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the world's log: %w", err)
	}
	return &journal{file: file}, nil
}

// note writes a line.
func (j *journal) note(event, name string, failure error) {
	j.write(entry{At: time.Now().UTC(), Event: event, Name: name}, failure)
}

// since writes a line of what began at a time and is there now.
func (j *journal) since(began time.Time, event, name string, failure error) {
	j.write(entry{At: began.UTC(), Event: event, Name: name, TookS: time.Since(began).Seconds()}, failure)
}

// write adds a line. A log that cannot be written is no reason to stop.
func (j *journal) write(e entry, failure error) {
	if failure != nil {
		e.Error = failure.Error()
	}
	line, err := json.Marshal(e)
	if err != nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	_, _ = j.file.Write(append(line, '\n'))
}

func (j *journal) close() error { return j.file.Close() }
