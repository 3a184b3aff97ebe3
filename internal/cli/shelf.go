package cli

import (
	"log/slog"
	"sync"
	"sync/atomic"

	"tocsin/internal/alert"
	"tocsin/internal/runbook"
)

// shelf is the runbooks that can be followed. They are read when they are first
// asked for: a calm night needs none.
type shelf struct {
	dir   string // of a team's own
	rules alert.Set

	asked sync.Once
	mu    sync.Mutex
	read  atomic.Pointer[[]runbook.Book]
}

// books are the books, once they are read; then is called when they are. It
// does not wait.
func (s *shelf) books(then func()) []runbook.Book {
	if got := s.read.Load(); got != nil {
		return *got
	}
	s.asked.Do(func() {
		go func() {
			s.wait()
			then()
		}()
	})
	return nil
}

// wait gives the books, and waits until they are read. Those that are broken
// are told in the log, and by tocsin runbook lint.
func (s *shelf) wait() []runbook.Book {
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := s.read.Load(); got != nil {
		return *got
	}
	lib, err := runbook.Open(s.dir, known(s.rules))
	if err != nil {
		slog.Warn("the runbooks cannot be read", "error", err)
	}
	for path, why := range lib.Broken {
		slog.Warn("a runbook is broken", "path", path, "error", why)
	}
	s.read.Store(&lib.Books)
	return lib.Books
}
