package actions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"tocsin/internal/audit"
)

const (
	// ArmedFor is how long a session stays armed.
	ArmedFor = 10 * time.Minute
	// CardLife is how long a card may be confirmed: what it shows grows old.
	CardLife = 5 * time.Minute
	// PlanLimit bounds the making of a plan.
	PlanLimit = 10 * time.Second
)

// Recorder keeps the audit. *audit.Log is one.
type Recorder interface {
	Append(audit.Entry) (seq int64, err error)
}

// Options are what a [Runner] works with.
type Options struct {
	Server   string // the configured target: prod
	ReadOnly bool   // nothing can be armed
	Audit    Recorder
	Facts    Facts         // nil: effects are unknown
	Refresh  func()        // asks for fresh facts after an action; may be nil
	Incident func() string // id of the open incident, "" when there is none; may be nil
	Promises Promises      // nil: what has to be taken back is refused
	By       string        // who works with this runner, for the promises
	Now      func() time.Time
}

// Runner is the only road to a change. It is safe for use by many goroutines.
type Runner struct {
	opts    Options
	actions []Action

	mu      sync.Mutex
	armed   time.Time        // until when; in the past while read-only
	running map[string]*call // by audit id
	closed  bool             // the session was left: nothing begins any more
	last    *Performed       // nil until something was changed
}

// NewRunner checks the declarations of the actions against each other.
func NewRunner(opts Options, actions ...Action) (*Runner, error) {
	if opts.Audit == nil || opts.Server == "" {
		return nil, errors.New("a runner needs an audit and the name of its server")
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	r := &Runner{opts: opts, actions: slices.Clone(actions), running: map[string]*call{}}
	type chord struct {
		on  string
		key rune
	}
	keys := map[chord]string{}
	for i, a := range actions {
		if err := r.declared(a, actions[:i]); err != nil {
			return nil, err
		}
		key := chord{a.On, a.Key}
		if other := keys[key]; a.Key != 0 && other != "" {
			return nil, fmt.Errorf("actions %s and %s have the same key %c", other, a.ID, a.Key)
		}
		keys[key] = a.ID
	}
	return r, nil
}

// declared checks one declaration; before are those that came before it.
func (r *Runner) declared(a Action, before []Action) error {
	switch {
	case a.ID == "" || a.Title == "" || a.Verb == "":
		return fmt.Errorf("action %q: it has no id, title or verb", a.ID)
	case a.Plan == nil || a.Run == nil:
		return fmt.Errorf("action %s: it has no plan or nothing to run", a.ID)
	case slices.ContainsFunc(before, func(b Action) bool { return b.ID == a.ID }):
		return fmt.Errorf("action %s: declared twice", a.ID)
	}
	for what, id := range map[string]string{"undo": a.Undo, "partner": a.With} {
		if _, ok := r.Find(id); !ok && id != "" {
			return fmt.Errorf("action %s: its %s %s is not declared", a.ID, what, id)
		}
	}
	return nil
}

// List returns all actions as they were given, also those that are blocked.
func (r *Runner) List() []Action { return slices.Clone(r.actions) }

// Server is the name that is typed to arm.
func (r *Runner) Server() string { return r.opts.Server }

// ReadOnly tells whether arming is forbidden in this session.
func (r *Runner) ReadOnly() bool { return r.opts.ReadOnly }

// Find returns the action with this id.
func (r *Runner) Find(id string) (Action, bool) {
	i := slices.IndexFunc(r.actions, func(a Action) bool { return a.ID == id })
	if i < 0 {
		return Action{}, false
	}
	return r.actions[i], true
}

// Blocked says why an action cannot run here at all; "" when it can.
func (r *Runner) Blocked(id string) string {
	a, ok := r.Find(id)
	switch {
	case !ok:
		return "there is no action " + id
	case r.opts.ReadOnly && a.Danger > Read:
		return "this session is read-only (--readonly)"
	case a.Blocked == nil:
		return ""
	}
	return a.Blocked()
}

// Arm lets actions run for [ArmedFor]; typed has to be the server's name.
func (r *Runner) Arm(typed string) error {
	switch {
	case r.opts.ReadOnly:
		return errors.New("this session is read-only (--readonly)")
	case typed != r.opts.Server:
		return fmt.Errorf("not armed: %q is not %s", typed, r.opts.Server)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.armed = r.opts.Now().Add(ArmedFor)
	return nil
}

// Disarm makes the session read-only again.
func (r *Runner) Disarm() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.armed = time.Time{}
}

// Armed tells whether actions may run, and until when.
func (r *Runner) Armed() (until time.Time, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.armed, r.opts.Now().Before(r.armed)
}

// Plan says what an action would do, and changes nothing.
func (r *Runner) Plan(ctx context.Context, id string, args Args) (Plan, error) {
	a, err := r.known(id, args)
	if err != nil {
		return Plan{}, err
	}
	return r.plan(ctx, a, args)
}

// known finds an action that can be planned with these arguments.
func (r *Runner) known(id string, args Args) (Action, error) {
	a, ok := r.Find(id)
	if !ok {
		return Action{}, fmt.Errorf("%w: there is no action %s", ErrUsage, id)
	}
	if err := checkArgs(a, args); err != nil {
		return Action{}, err
	}
	if a.Blocked != nil && a.Blocked() != "" {
		return Action{}, fmt.Errorf("%s: %s", id, a.Blocked())
	}
	return a, nil
}

// allowed is known for a call that is to be run.
func (r *Runner) allowed(o Order) (Action, error) {
	a, err := r.known(o.Action, o.Args)
	if err == nil && r.opts.ReadOnly && a.Danger > Read {
		return Action{}, fmt.Errorf("%s: this session is read-only (--readonly): nothing was run", a.ID)
	}
	return a, err
}

func (r *Runner) plan(ctx context.Context, a Action, args Args) (p Plan, err error) {
	ctx, cancel := context.WithTimeout(ctx, PlanLimit)
	defer cancel()
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("plan %s: fault in tocsin: %v", a.ID, fault)
		}
	}()
	p, err = a.Plan(ctx, args)
	if err != nil {
		return Plan{}, fmt.Errorf("plan %s: %w", a.ID, err)
	}
	if p.Target == "" {
		return Plan{}, fmt.Errorf("plan %s: it names no target", a.ID)
	}
	p.Danger = max(p.Danger, a.Danger)
	if p.Args == nil {
		p.Args = args
	}
	if p.Measures == nil {
		p.Measures = a.Measures
	}
	return p, nil
}
