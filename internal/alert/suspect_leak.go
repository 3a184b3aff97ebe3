package alert

import (
	"fmt"
	"slices"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// How long a session does nothing before it counts as left behind. Between two
// statements of a transaction nobody waits for long; connections of a pool
// wait for the next request.
const (
	leftInTx = 5 * time.Second
	leftIdle = 15 * time.Second
)

// leak is what one application leaves behind on a server.
type leak struct {
	app    string
	state  string // idle, idle in transaction
	n      int
	oldest time.Duration
}

func (l leak) over() time.Duration {
	if l.state == "idle" {
		return leftIdle
	}
	return leftInTx
}

// leak finds the application that leaves most sessions behind. A third of the
// server has to be taken by them: a pool that is a little too large fills none.
func (s *scene) leak(value model.Connections) (worst leak, ok bool) {
	activity, known := known(s, store.ActivityKey())
	if !known {
		return leak{}, false
	}
	var all []leak
	for _, one := range activity.Sessions {
		state := one.State
		if one.IdleInTx() {
			state = "idle in transaction"
		}
		l := leak{app: one.App, state: state, n: 1, oldest: length(one.StateAge)}
		if !one.IsClient() || one.Ours() || one.App == "" || state != "idle" && !one.IdleInTx() || l.oldest < l.over() {
			continue
		}
		all = add(all, l)
	}
	for _, l := range all {
		if l.n > worst.n || l.n == worst.n && l.app < worst.app {
			worst = l
		}
	}
	return worst, worst.n > 0 && 3*worst.n >= value.Usable()
}

// add counts one more session to those of its application and state.
func add(all []leak, one leak) []leak {
	i := slices.IndexFunc(all, func(l leak) bool { return l.app == one.app && l.state == one.state })
	if i < 0 {
		return append(all, one)
	}
	all[i].n++
	all[i].oldest = max(all[i].oldest, one.oldest)
	return all
}

// blameLeak offers to end what was left behind. Of transactions all that idle
// are meant, as those that go on until their turn are left alone; of a pool
// those alone that nobody has needed for long.
func (c *candidate) blameLeak(l leak) {
	c.Summary += fmt.Sprintf(": app=%s leaves %d %s, the oldest for %s", l.app, l.n, l.state, ago(l.oldest))
	args := map[string]string{"app": l.app, "state": l.state}
	if l.state == "idle" {
		args["idle_over"] = leftIdle.String()
	}
	c.act("pg.terminate.all", args)
}
