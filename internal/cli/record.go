package cli

import (
	"sync"

	"tocsin/internal/audit"
)

// record is the audit, opened with its first entry: who only looks leaves no
// trace, and needs no right to write.
type record struct {
	dir  string
	opts audit.Options

	mu  sync.Mutex
	log *audit.Log // nil until opened
}

// Append implements actions.Recorder.
func (r *record) Append(e audit.Entry) (seq int64, err error) {
	log, err := r.open()
	if err != nil {
		return 0, err
	}
	return log.Append(e)
}

func (r *record) open() (*audit.Log, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.log != nil {
		return r.log, nil
	}
	log, err := audit.Open(r.dir, r.opts)
	if err != nil {
		return nil, err
	}
	r.log = log
	return log, nil
}
