package sched

import (
	"context"
	"fmt"
	"time"

	"tocsin/internal/model"
)

const (
	// strained is the cost of a read, of a job that does not yield, that shows
	// a server in trouble; twice in a row, since any read may be late once.
	strained      = time.Second
	strainedReads = 2
	// calm is how long the trouble must be over before the jobs that yield are
	// read again; one that is refused then waits as long again.
	calm = 5 * time.Second
	// calmPoll is how often a job that is held back looks.
	calmPoll = 500 * time.Millisecond
)

// strain is the trouble that the jobs of one group meet at their server.
type strain struct {
	slow map[string]int // dear reads in a row, by the name of the job
	last time.Time      // when the trouble was last seen; zero for never
	why  string
}

// felt notes whether a read shows its server in trouble. A server that does
// not answer at all is the business of the lead.
func (g *groups) felt(j Job, fail *model.Fail) {
	name := j.Timing.Group
	if name == "" || fail != nil && fail.Class == model.Down {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.strain[name]
	if s == nil {
		s = &strain{slow: map[string]int{}}
		g.strain[name] = s
	}
	s.note(j, fail)
}

func (s *strain) note(j Job, fail *model.Fail) {
	if fail != nil && fail.Class == model.Full {
		s.last, s.why = time.Now(), "the server takes no more connections"
		return
	}
	if j.Timing.Yields {
		return
	}
	if j.pace.cost < strained {
		delete(s.slow, j.Name)
		return
	}
	if s.slow[j.Name]++; s.slow[j.Name] >= strainedReads {
		s.last, s.why = time.Now(), fmt.Sprintf("the server is slow: %s takes %s", j.Name, words(j.pace.cost))
	}
}

// trouble says what trouble a server is in, or was until a moment ago; "" for
// none.
func (g *groups) trouble(name string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.strain[name]
	if s == nil || s.last.IsZero() {
		return ""
	}
	for _, reads := range s.slow {
		if reads >= strainedReads {
			return s.why
		}
	}
	if time.Since(s.last) < calm {
		return s.why
	}
	return ""
}

// admit waits while the server of a job that yields is in trouble, and says so
// in the source's status. False means the end of ctx.
func (g *groups) admit(ctx context.Context, j Job) bool {
	for j.Timing.Yields && ctx.Err() == nil {
		why := g.trouble(j.Timing.Group)
		if why == "" {
			break
		}
		j.tell(j.pace.every(), "held back: "+why)
		sleep(ctx, calmPoll, nil)
	}
	return ctx.Err() == nil
}
