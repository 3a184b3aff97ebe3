package cli

import (
	"log/slog"
	"os"
	"sync"
	"syscall"
	"time"

	"tocsin/internal/statedir"
)

// leadLock is held by the program that speaks for all that watch a target on
// this machine.
const leadLock = "lead.lock"

// leadEvery is how often who does not lead tries to.
const leadEvery = 5 * time.Second

// lead tells whether this program speaks for all that watch the target: it tells
// of alerts beyond the screen, and writes how they turn into incidents. Rules
// differ a little in each program, since each reads at times of its own.
type lead struct {
	path string // of the lock

	mu    sync.Mutex
	asked time.Time
	file  *os.File // has the lock, until the program ends; nil while it is another's
	alone bool     // it cannot be agreed on: then each speaks, twice is better than not
}

// is tells whether it is for this program to speak.
func (l *lead) is(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	since := now.Sub(l.asked)
	if l.file != nil || !l.asked.IsZero() && since >= 0 && since < leadEvery {
		return l.file != nil || l.alone
	}
	l.asked = now
	err := l.take()
	if err != nil && !l.alone {
		slog.Warn("who speaks for all that watch the target cannot be agreed on", "error", err)
	}
	l.alone = err != nil
	return l.file != nil || l.alone
}

// take takes the lock, where nobody else has it.
func (l *lead) take() error {
	file, err := statedir.Open(l.path, os.O_CREATE|os.O_RDWR)
	if err != nil {
		return err
	}
	ok, err := statedir.TryLock(file, syscall.LOCK_EX)
	if !ok {
		_ = file.Close()
		return err
	}
	l.file = file // one that nobody holds is closed, and its lock gone
	return nil
}
