package store

import (
	"time"

	"tocsin/internal/model"
)

// Source describes a source to the store.
type Source struct {
	Group string        // the server it reads; "" when it stands alone
	Every time.Duration // intended interval between two reads
}

// Cell is the only way to write the samples of one source. One goroutine
// writes; the store is read by any.
type Cell[T Snapshot] struct {
	*cell
	last Sample[T]
}

// cell is what the cells of all kinds have in common.
type cell struct {
	store *Store
	now   Status      // with the facts of the last value alone
	ended *model.Fail // of the newest read that ended; nil when that was good
}

// NewCell makes the place for the samples of one source; it is pending until
// the first write. Names must differ.
func NewCell[T Snapshot](s *Store, k Key[T], about Source) *Cell[T] {
	c := &Cell[T]{cell: &cell{store: s, now: Status{Name: k.Name, Group: about.Group, Every: about.Every}}}
	s.add(k.Name, entry{sample: c.last, status: c.now})
	return c
}

// Name is the name of the source.
func (c *cell) Name() string { return c.now.Name }

// Put publishes a value that was read at that instant.
func (c *Cell[T]) Put(value T, at time.Time, took time.Duration) {
	c.last = Sample[T]{Value: value, At: at, Took: took}
	c.put(value, c.last, at, took)
}

func (c *cell) put(value Snapshot, sample any, at time.Time, took time.Duration) {
	c.ended = nil
	c.now.Facts, c.now.At, c.now.Took, c.now.Fail = value.Facts(), at, took, nil
	if r, ok := value.(rememberer); ok {
		c.store.series.begin(r.Past())
	}
	c.store.put(c.now.Name, entry{sample: sample, status: c.now}, c.now.Facts)
}

// Fail publishes that an attempt failed. The last value stays. The attempts in
// a row that met the same class of failure, and the instant of the first, are
// counted here. A stuck read has not ended: it counts when it does.
func (c *Cell[T]) Fail(fail *model.Fail, at time.Time, took time.Duration) {
	own := c.counted(*fail, at)
	c.last.Fail, c.last.Took = own, took
	c.fail(c.last.Value, c.last, own, took)
}

// counted is a failure with the attempts in a row that met it.
func (c *cell) counted(own model.Fail, at time.Time) *model.Fail {
	own.Attempts, own.Since = 1, at
	if own.Class != model.Stuck {
		if before := c.ended; before != nil && before.Class == own.Class {
			own.Attempts, own.Since = before.Attempts+1, before.Since
		}
		c.ended = &own
	}
	return &own
}

func (c *cell) fail(last Snapshot, sample any, fail *model.Fail, took time.Duration) {
	c.now.Fail, c.now.Took = fail, took
	status := c.now
	if f, ok := last.(failer); ok {
		status.Told = f.FailFacts(fail)
	}
	status.Facts = override(c.now.Facts, status.Told)
	c.store.put(c.now.Name, entry{sample: sample, status: status}, nil)
}

// Pace publishes that the source is read at another interval by now, and why;
// note is "" where it is read as often as it should be.
func (c *cell) Pace(every time.Duration, note string) {
	if every == c.now.Every && note == c.now.Note {
		return
	}
	c.now.Every, c.now.Note = every, note
	c.store.change(c.now.Name, func(s *Status) { s.Every, s.Note = every, note })
}

// override gives the facts with those of the second list in place of their
// namesakes, and the rest of the second behind.
func override(facts, told []model.Fact) []model.Fact {
	if len(told) == 0 {
		return facts
	}
	fresh := make(map[string]bool, len(told))
	for _, f := range told {
		fresh[f.Name+f.Labels.String()] = true
	}
	out := make([]model.Fact, 0, len(facts)+len(told))
	for _, f := range facts {
		if !fresh[f.Name+f.Labels.String()] {
			out = append(out, f)
		}
	}
	return append(out, told...)
}
