package actions

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"tocsin/internal/audit"
)

// Call is an action under way.
type Call struct {
	ID       string // of its audit entries, for [Runner.Cancel]
	Action   string
	Title    string
	Target   string
	Since    time.Time
	Progress Progress
}

// Running lists what runs, oldest first.
func (r *Runner) Running() []Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := make([]Call, 0, len(r.running))
	for _, c := range r.running {
		calls = append(calls, Call{
			ID: c.id, Action: c.action.ID, Title: c.action.Title, Target: c.plan.Target,
			Since: c.began, Progress: c.progress,
		})
	}
	slices.SortFunc(calls, func(a, b Call) int { return a.Since.Compare(b.Since) })
	return calls
}

// Performed is an action of this session that changed something.
type Performed struct {
	ID       string // of its audit entries
	Action   string
	Target   string
	UndoArgs Args // for the action's Undo; nil where it has none
}

// Last is the newest action of this session that changed something; not ok
// when there is none.
func (r *Runner) Last() (p Performed, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil {
		return Performed{}, false
	}
	return *r.last, true
}

// remember keeps what could be taken back.
func (r *Runner) remember(out Outcome, a Action) {
	if a.Danger == Read || out.Ending != Done && len(out.Result.Done) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = &Performed{ID: out.ID, Action: a.ID, Target: out.Plan.Target, UndoArgs: out.Plan.Undo}
}

// Cancel asks a running action to stop. What was done by then stays done.
func (r *Runner) Cancel(id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.running[id]
	if !ok {
		return fmt.Errorf("nothing runs under %s", id)
	}
	c.asked = true
	c.cancel()
	return nil
}

// Abandon records for everything that runs that it is left running, and lets
// nothing begin any more. It is for a session that ends at once.
func (r *Runner) Abandon() error {
	r.mu.Lock()
	r.closed = true
	var left []*call
	for _, c := range r.running {
		if c.begun {
			left = append(left, c)
		}
	}
	r.mu.Unlock()
	var errs []error
	for _, c := range left {
		errs = append(errs, r.record(c, LeftOpen, "left running"))
		if c.plan.Expires != nil { // it may have been done by now
			errs = append(errs, r.opts.Promises.Start(c.id))
		}
	}
	return errors.Join(errs...)
}

// entry is what every record of a call that stands on its own says.
func (r *Runner) entry(c *call) audit.Entry {
	e := audit.Entry{
		ID: c.id, PID: os.Getpid(), Target: r.opts.Server, Action: c.action.ID, Danger: c.plan.Danger.String(),
		Params: params(c.action, c.plan.Args), Reason: c.reason, Preflight: c.plan.Preflight,
	}
	if r.opts.Incident != nil {
		e.Incident = r.opts.Incident()
	}
	return e
}

// record writes how a call ended.
func (r *Runner) record(c *call, ending Ending, detail string, done ...string) error {
	if c.plan.Danger == Read {
		return nil
	}
	took := r.opts.Now().Sub(c.began).Milliseconds()
	_, err := r.opts.Audit.Append(audit.Entry{
		Phase: audit.Result, ID: c.id, Action: c.action.ID, Outcome: string(ending),
		TookMS: &took, Steps: done, Detail: detail,
	})
	return err
}

// params gives the arguments with their types, for the audit.
func params(a Action, args Args) map[string]any {
	out := map[string]any{}
	for name, value := range args {
		out[name] = value
		for _, p := range a.Params {
			if n, err := strconv.Atoi(value); err == nil && p.Name == name && p.Type == TypePID {
				out[name] = n
			}
		}
	}
	return out
}
