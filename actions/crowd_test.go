package actions

import (
	"strings"
	"testing"
	"time"
)

func TestACrowdIsBounded(t *testing.T) {
	c := crowd{spared: map[string]int{}}
	for pid := range int64(crowdMax + 12) {
		start := time.Unix(pid, 0)
		c.take(session{PID: pid + 1, Started: &start, Type: "client backend", App: "leaky", MaySignal: true}, 0)
	}
	if len(c.ends) != crowdMax || c.more != 12 || c.ends[0].PID != 1 {
		t.Errorf("%d to end and %d more, the first pid %d", len(c.ends), c.more, c.ends[0].PID)
	}
	if got, want := c.leftOut(), "12 sessions more: one call ends 300 at most"; got != want {
		t.Errorf("left out: %q, want %q", got, want)
	}
	if why := TypeSessions.fault(c.list()); why != "" {
		t.Errorf("its own list is no argument: %s", why)
	}
	if got := strings.Count(c.list(), "@"); got != crowdMax {
		t.Errorf("%d sessions in the list", got)
	}
}
