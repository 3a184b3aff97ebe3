package sched

import (
	"fmt"
	"time"

	"tocsin/internal/model"
)

const (
	// dear is the part of its interval that a read may cost: who costs more
	// is read half as often, again and again up to slowest.
	dear = 10
	// cheap is the part of the shorter interval below which a read counts as
	// cheap again. Well under dear, or the interval would go back and forth.
	cheap = 20
	// slowest is the longest interval to which a source is slowed down because
	// it is dear.
	slowest = 5 * time.Minute
)

// pace is how often a source is read in view of what that costs.
type pace struct {
	usual   time.Duration
	least   time.Duration        // see [Timing.Rest]
	measure func() time.Duration // nil: the time that a read took
	doubled int                  // how many times the interval was
	cost    time.Duration        // of the newest read that the server worked on
	idle    bool                 // the newest read cost the server nothing: it did not answer
}

func newPace(t Timing) *pace { return &pace{usual: t.Every, least: t.Rest, measure: t.Cost} }

// note takes in what one more read cost. One that met a server which does not
// answer, or takes no connection, says nothing about the source. One that was
// cut short says that it costs at least as much.
func (p *pace) note(fail *model.Fail, took time.Duration) {
	cost := took
	if p.measure != nil {
		cost = p.measure()
	}
	p.idle = fail != nil && (fail.Class == model.Down || fail.Class == model.Full)
	if p.idle {
		return
	}
	p.cost = cost
	switch {
	case cost > p.every()/dear && p.every() < slowest:
		p.doubled++
	case p.doubled > 0 && cost <= p.after(p.doubled-1)/cheap:
		p.doubled--
	}
}

// every is the interval now.
func (p *pace) every() time.Duration { return p.after(p.doubled) }

// after is the interval after so many doublings.
func (p *pace) after(doubled int) time.Duration {
	return min(p.usual<<doubled, max(slowest, p.usual))
}

func (p *pace) slowed() bool { return p.doubled > 0 }

// rest is how long the server has peace after a read, however often somebody
// asks for another: a held key must not cost it more than the clock does.
func (p *pace) rest() time.Duration {
	if p.idle {
		return 0
	}
	return max((dear-1)*p.cost, p.least)
}

// text says why the source is read less often than it should be; "" while it
// is not.
func (p *pace) text() string {
	if !p.slowed() {
		return ""
	}
	return fmt.Sprintf("read every %s instead of %s: one reading takes %s", words(p.every()), words(p.usual), words(p.cost))
}

// words is a length of time as people say it.
func words(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second && d%time.Second != 0:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute || d%time.Minute != 0:
		return fmt.Sprintf("%.0f s", d.Seconds())
	default:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
}
