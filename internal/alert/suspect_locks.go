package alert

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// lockPileUp names the session at the root of a queue of waiting sessions.
func (s *scene) lockPileUp() []candidate {
	h, ok := s.over("db.locks.waiting")
	activity, known := known(s, store.ActivityKey())
	if !ok || !known {
		return nil
	}
	root, ok := rootOf(activity)
	if !ok {
		return nil
	}
	c := explain(weightLocks, h)
	if began := s.now.Add(-root.longest); began.Before(c.Since) {
		c.Since = began
	}
	c.Summary = fmt.Sprintf("%s %s behind %s", plural(root.behind, "session"), verb(root.behind, "wait"), describe(root))
	c.Evidence = lines(append([]string{root.statement(), root.queue(int(h.value)), h.text()}, s.symptomTexts()...)...)
	c.Against = lines(s.deployLine(), s.providerLine(), s.loadLine())
	if s.drains(h) {
		c.Evidence = append(c.Evidence, "the queue drains: whoever holds it up now goes by itself, so nothing is offered")
		return []candidate{c}
	}
	id, why := endOf(root.session)
	if why != "" {
		c.Evidence = append(c.Evidence, why)
	}
	if id != "" {
		c.act(id, root.session.Args())
	}
	return []candidate{c}
}

// drains tells whether a queue that was over its limit is not any more and
// becomes shorter: its root is then one of those that waited.
func (s *scene) drains(h hot) bool {
	over, _ := h.Threshold.Holds(h.value, h.Unit)
	return !over && s.falling(h)
}

// root is a session that others wait for and that waits for none.
type root struct {
	pid     int
	session model.Session // zero when it is not among the sessions seen
	behind  int           // sessions in the whole tree behind it
	longest time.Duration // for which one of them has been waiting
	on      string        // relation for which most of them wait; "" for none
}

// rootOf finds the root with the most sessions behind it; of equals the one
// with the oldest transaction, then the lowest pid.
func rootOf(activity model.Activity) (root, bool) {
	trees := activity.LockTree()
	if len(trees) == 0 {
		return root{}, false
	}
	w := trees[0]
	r := root{pid: w.PID, behind: w.Waits}
	if w.Session != nil {
		r.session = *w.Session
	}
	relations := map[string]int{}
	for queue := slices.Clone(w.Below); len(queue) > 0; queue = queue[1:] {
		waiter := queue[0]
		r.longest = max(r.longest, length(waiter.Session.QueryAge))
		if on := waiter.Session.WaitsFor; on != nil && on.Relation != "" {
			relations[on.Relation]++
		}
		queue = append(queue, waiter.Below...)
	}
	for name, n := range relations {
		if n > relations[r.on] || n == relations[r.on] && name < r.on {
			r.on = name
		}
	}
	return r, true
}

// statement is what the root runs or ran last, without its values.
func (r root) statement() string {
	text := model.FirstWords(model.WithoutValues(r.session.Query))
	switch {
	case text == "":
		return ""
	case r.session.State == "active":
		return "it runs " + text
	default:
		return "its last statement: " + text
	}
}

// queue says how the waiting sessions stand, where not all wait for this root.
func (r root) queue(waiting int) string {
	if waiting <= r.behind {
		return ""
	}
	return fmt.Sprintf("%d of %d waiting sessions are behind it", r.behind, waiting)
}

// describe says who the root is, what it does and what it holds.
func describe(r root) string {
	if r.pid == 0 {
		return "a prepared transaction"
	}
	text := "pid " + strconv.Itoa(r.pid)
	if r.session.PID == 0 {
		return text + ", which cannot be seen"
	}
	parts := []string{doing(r.session)}
	if who := owner(r.session); who != "" {
		parts = append(parts, who)
	}
	if held := r.holds(); held != "" {
		parts = append(parts, held)
	}
	return text + ": " + strings.Join(parts, ", ")
}

// doing says what a session does and for how long.
func doing(session model.Session) string {
	state, age := session.State, session.StateAge
	switch {
	case state == "":
		state = "state hidden"
		if session.Type != "" && session.Type != "client backend" {
			state = session.Type
		}
	case state == "active":
		age = session.QueryAge
	}
	if age == nil {
		age = session.Tx
	}
	if age == nil {
		return state
	}
	return state + " " + ago(*age)
}

// owner names whose session it is: its application, else its role.
func owner(session model.Session) string {
	switch {
	case session.App != "":
		return "app=" + session.App
	case session.Role != "":
		return "role=" + session.Role
	default:
		return ""
	}
}

// holds names the lock that most of the others want.
func (r root) holds() string {
	held := r.session.Holds
	if len(held) == 0 {
		if r.on == "" {
			return ""
		}
		return "in the way on " + r.on
	}
	i := slices.IndexFunc(held, func(l model.LockHeld) bool { return l.Relation == r.on })
	lock := held[max(i, 0)]
	return "holds " + strings.TrimSuffix(lock.Mode, "Lock") + " on " + lock.Relation
}

// endOf chooses how to end what a session does, or says why it cannot.
// Cancelling does nothing to a session that runs no statement.
func endOf(session model.Session) (action, why string) {
	switch {
	case session.PID == 0:
		return "", "nothing here can end it: look at pg_prepared_xacts"
	case session.BackendStart.IsZero() || session.State == "" && session.Type == "":
		return "", "its state is hidden from this role"
	case session.State == "" || session.State == "active" || session.State == "fastpath function call":
		return "pg.cancel", ""
	default:
		return "pg.terminate", ""
	}
}

// length is a duration that may be absent; 0 then.
func length(d *time.Duration) time.Duration {
	if d == nil {
		return 0
	}
	return *d
}

// verb agrees with a number: one session waits, two wait.
func verb(n int, word string) string {
	if n == 1 {
		return word + "s"
	}
	return word
}
