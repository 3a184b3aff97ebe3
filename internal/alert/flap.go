package alert

import (
	"slices"
	"time"
)

// A series that begins to fire so often within the hour flaps: it then clears
// only after it was in order for long, so that it asks for attention once and
// not with every turn.
const (
	flapsAt    = 4
	flapWithin = time.Hour
	flapSteady = 10 * time.Minute
)

// fired notes that the series begins to fire.
func (s series) fired(now time.Time) series {
	s.Alerted = now
	s.Fired = append(slices.Clone(s.Fired), now)
	s.Fired = s.Fired[max(len(s.Fired)-flapsAt, 0):]
	return s
}

// recent leaves out when it fired long ago, and what a clock that was set back
// has made later than now.
func (s series) recent(now time.Time) series {
	if s.flapping() {
		return s // while it lasts, it is its being in order that ends it
	}
	past := func(at time.Time) bool { return at.After(now) || now.Sub(at) > flapWithin }
	if slices.ContainsFunc(s.Fired, past) {
		s.Fired = slices.DeleteFunc(slices.Clone(s.Fired), past)
	}
	if len(s.Fired) == 0 {
		s.Fired = nil
	}
	return s
}

// flapping tells whether the series has begun to fire too often.
func (s series) flapping() bool { return len(s.Fired) >= flapsAt }

// clearFor is how long the series has to be in order before it clears.
func (s series) clearFor(r Rule) time.Duration {
	if s.flapping() {
		return max(r.ClearFor, flapSteady)
	}
	return r.ClearFor
}
