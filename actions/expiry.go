package actions

import (
	"fmt"
	"maps"
	"time"

	"tocsin/internal/expire"
)

// Expiry is the end of a change that nobody has to remember: another action
// takes it back after a while.
type Expiry struct {
	Action string // id of what takes it back
	Args   Args
	Target string // what the plan of that action names
	After  time.Duration
}

// Promises keeps what is to be taken back. [expire.Folder] does most of it.
type Promises interface {
	// Put has a promise on disk when it returns.
	Put(p expire.Promise) error
	// Drop forgets one.
	Drop(id string) error
	// List gives all of them.
	List() ([]expire.Promise, error)
	// Start begins a process that carries one out when it is due. It outlives
	// this one.
	Start(id string) error
}

// unkept says why a change that has to be taken back cannot be; "" when it can.
func (r *Runner) unkept(p Plan) string {
	switch {
	case p.Expires == nil:
		return ""
	case r.opts.Promises == nil:
		return "nobody would take it back when its time is up"
	}
	if _, ok := r.Find(p.Expires.Action); !ok {
		return "there is no action " + p.Expires.Action + " to take it back"
	}
	return ""
}

// promise puts on disk what will take a change back, before the change is made.
func (r *Runner) promise(c *call) error {
	e := c.plan.Expires
	if e == nil {
		return nil
	}
	// The id of the call tells what this call did from what others did.
	args := maps.Clone(e.Args)
	if _, wanted := args[callParam]; wanted {
		args[callParam] = c.id
	}
	now := r.opts.Now()
	err := r.opts.Promises.Put(expire.Promise{
		ID: c.id, Server: r.opts.Server, Action: e.Action, Args: args, Target: e.Target,
		Due: now.Add(e.After).UTC(), Made: now.UTC(), By: r.opts.By,
	})
	if err != nil {
		return fmt.Errorf("nothing was run: %w", err)
	}
	return nil
}

// callParam is the argument of an action that takes back what one call did.
const callParam = "call"

// keep begins the process that takes a change back, or forgets about it where
// there is nothing to take back. It returns what the operator has to know.
func (r *Runner) keep(c *call, out Outcome) string {
	if c.plan.Expires == nil {
		return ""
	}
	if len(out.Result.Done) == 0 && (out.Ending == Failed || out.Ending == Cancelled) {
		r.forget(c)
		return ""
	}
	if err := r.opts.Promises.Start(c.id); err != nil {
		return fmt.Sprintf("nobody waits to take it back: %v: run tocsin expire %s", err, c.id)
	}
	return ""
}

// forget drops the promise of a change that was not made. One that stays finds
// nothing to do when it is due.
func (r *Runner) forget(c *call) {
	if c.plan.Expires != nil {
		_ = r.opts.Promises.Drop(c.id)
	}
}

// fulfil forgets the promises that a plan has kept: what they were to take back
// is taken back, by it or before.
func (r *Runner) fulfil(c *call) {
	if r.opts.Promises == nil {
		return
	}
	list, _ := r.opts.Promises.List() // as in forget
	for _, p := range list {
		if p.Action == c.action.ID && p.Target == c.plan.Target && (c.plan.Only == "" || c.plan.Only == p.ID) {
			_ = r.opts.Promises.Drop(p.ID)
		}
	}
}
