package sched

import (
	"math/rand/v2"
	"time"
)

// beat is where in each second the reads of one program begin. Those that are
// due at about the same time begin together, so that the machine is woken once
// for all of them.
type beat struct{ seed uint64 }

// newBeat is another one in each program, so that several do not ask one server
// at once.
func newBeat() beat { return beat{rand.Uint64()} }

// phase is the time from the full second to the beat. It is another one in each
// minute: what a server does at the same time of every second must neither be
// always what is seen, nor never.
func (b beat) phase(at time.Time) time.Duration {
	minute := uint64(at.Unix() / 60)
	return time.Duration(rand.New(rand.NewPCG(b.seed, minute)).Int64N(int64(time.Second)))
}

// after is the pause d from now, moved to the nearest beat. A pause shorter than
// a second is not.
func (b beat) after(now time.Time, d time.Duration) time.Duration {
	if d < time.Second {
		return d
	}
	due := now.Round(0).Add(d) // the beat is one of the clock on the wall
	phase := b.phase(due)
	return d + due.Add(-phase).Round(time.Second).Add(phase).Sub(due)
}
