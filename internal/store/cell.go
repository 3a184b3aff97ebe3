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
	store *Store
	key   Key[T]
	about Source
	last  Sample[T]
	note  string
	ended *model.Fail  // of the newest read that ended; nil when that was good
	facts []model.Fact // of last.Value
}

// NewCell makes the place for the samples of one source; it is pending until
// the first write. Names must differ.
func NewCell[T Snapshot](s *Store, k Key[T], about Source) *Cell[T] {
	c := &Cell[T]{store: s, key: k, about: about}
	s.mu.Lock()
	s.order = append(s.order, k.Name)
	s.entries[k.Name] = entry{sample: c.last, status: c.status(nil)}
	s.mu.Unlock()
	return c
}

// Name is the name of the source.
func (c *Cell[T]) Name() string { return c.key.Name }

// Put publishes a value that was read at that instant.
func (c *Cell[T]) Put(value T, at time.Time, took time.Duration) {
	c.last = Sample[T]{Value: value, At: at, Took: took}
	c.facts, c.ended = value.Facts(), nil
	if r, ok := any(value).(rememberer); ok {
		c.store.series.begin(r.Past())
	}
	c.store.put(c.key.Name, entry{sample: c.last, status: c.status(c.facts)}, c.facts)
}

// Fail publishes that an attempt failed. The last value stays. The attempts in
// a row that met the same class of failure, and the instant of the first, are
// counted here. A stuck read has not ended: it counts when it does.
func (c *Cell[T]) Fail(fail *model.Fail, at time.Time, took time.Duration) {
	own := *fail
	own.Attempts, own.Since = 1, at
	if own.Class != model.Stuck {
		if before := c.ended; before != nil && before.Class == own.Class {
			own.Attempts, own.Since = before.Attempts+1, before.Since
		}
		c.ended = &own
	}
	c.last.Fail, c.last.Took = &own, took
	var told []model.Fact
	if f, ok := any(c.last.Value).(failer); ok {
		told = f.FailFacts(&own)
	}
	status := c.status(override(c.facts, told))
	status.Told = told
	c.store.put(c.key.Name, entry{sample: c.last, status: status}, nil)
}

// Pace publishes that the source is read at another interval by now, and why;
// note is "" where it is read as often as it should be.
func (c *Cell[T]) Pace(every time.Duration, note string) {
	if every == c.about.Every && note == c.note {
		return
	}
	c.about.Every, c.note = every, note
	c.store.change(c.key.Name, func(s *Status) { s.Every, s.Note = every, note })
}

func (c *Cell[T]) status(facts []model.Fact) Status {
	return Status{
		Name: c.key.Name, Group: c.about.Group, Every: c.about.Every, Note: c.note,
		At: c.last.At, Took: c.last.Took, Fail: c.last.Fail, Facts: facts,
	}
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
