package cli

import (
	"log/slog"
	"sync/atomic"
	"time"

	"tocsin/ui"
)

// timed are the changes that are taken back by themselves, as the screen shows
// them. It is written by the watch alone.
type timed struct {
	promises promises
	told     string // the newest error, told once
	all      atomic.Pointer[[]ui.Timed]
}

func newTimed(p promises) *timed {
	out := &timed{promises: p}
	out.all.Store(&[]ui.Timed{})
	return out
}

// list are all of them, the first that is due first.
func (t *timed) list() []ui.Timed { return *t.all.Load() }

// read takes in what this session and others have promised.
func (t *timed) read(now time.Time) {
	list, err := t.promises.List()
	if err != nil && err.Error() != t.told {
		t.told = err.Error()
		slog.Warn("a promise to take a change back cannot be read", "error", err)
	}
	out := []ui.Timed{}
	for _, p := range list {
		out = append(out, ui.Timed{ID: p.ID, Action: p.Action, Args: p.Args, Target: p.Target, Due: p.Due, Late: p.Overdue(now), By: p.By})
	}
	t.all.Store(&out)
}
