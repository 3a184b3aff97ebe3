package sched

import (
	"math/rand/v2"
	"time"
)

// beat is where in each second the reads of one program begin. Those that are
// due at about the same time begin together: the machine is woken once for all
// of them, and once for the frame that shows them.
type beat struct{ phase time.Duration }

// newBeat lies so late in the second that what is read shows at its end, and by
// lot, so that several programs do not ask one server at once.
func newBeat() beat { return beat{500*time.Millisecond + rand.N(300*time.Millisecond)} }

// after is the pause d from now, moved to the nearest beat. A pause shorter than
// a second is not.
func (b beat) after(now time.Time, d time.Duration) time.Duration {
	if d < time.Second {
		return d
	}
	now = now.Round(0) // the beat is one of the clock on the wall
	return now.Add(d - b.phase).Round(time.Second).Add(b.phase).Sub(now)
}
