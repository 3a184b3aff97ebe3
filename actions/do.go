package actions

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/audit"
)

// errClosed says that the operator closed the card.
var errClosed = errors.New("closed without confirmation: nothing was changed")

// call is one action on its way.
type call struct {
	id       string
	action   Action
	plan     Plan
	reason   string
	began    time.Time
	begun    bool // its intent is on disk
	progress Progress
	cancel   context.CancelFunc
	asked    bool // to cancel, by the operator
}

// Do plans, asks, records, runs and measures one action. The error is nil
// exactly when the action did what it said and all of it was recorded;
// [Outcome.Ending] tells the other endings apart. The end of ctx closes the
// card and the measuring; what runs goes on until [Runner.Cancel].
func (r *Runner) Do(ctx context.Context, o Order) (Outcome, error) {
	a, err := r.allowed(o)
	if err != nil {
		return nothing(Plan{}, Refused, err)
	}
	p, err := r.plan(ctx, a, o.Args)
	if err != nil {
		return nothing(Plan{}, Failed, err)
	}
	c := &call{id: audit.NewID(r.opts.Now()), action: a, plan: p, began: r.opts.Now()}
	if why := r.forbidden(c); why != "" {
		if c.plan.Moot {
			r.fulfil(c)
		}
		return r.refuse(c, errors.New(why))
	}
	if c.plan.Danger > Read {
		switch err := r.ask(ctx, c, o.Confirm); {
		case errors.Is(err, ErrNeedsConfirmation):
			return nothing(c.plan, Refused, err)
		case errors.Is(err, errClosed), err != nil && ctx.Err() != nil:
			return nothing(c.plan, Cancelled, errClosed)
		case err != nil:
			return r.refuse(c, err)
		}
	}
	if err := r.begin(c); err != nil {
		return nothing(c.plan, Refused, err)
	}
	return r.carryOut(ctx, c, o.Step)
}

// forbidden says why a plan must not run; "" when it may.
func (r *Runner) forbidden(c *call) string {
	if r.opts.ReadOnly && c.plan.Danger > Read {
		return "this session is read-only (--readonly)"
	}
	return cmp.Or(c.plan.Refuse, r.unkept(c.plan))
}

// nothing is the outcome of a call that changed nothing and left no record.
func nothing(p Plan, ending Ending, err error) (Outcome, error) {
	return Outcome{Ending: ending, Plan: p, Verdict: Unclear, Text: err.Error()}, err
}

// refuse records that a planned action was not run; of one that only reads
// nothing is recorded.
func (r *Runner) refuse(c *call, why error) (Outcome, error) {
	entry := r.entry(c)
	entry.Phase, entry.Outcome, entry.Detail = audit.Result, string(Refused), why.Error()
	out := Outcome{ID: c.id, Ending: Refused, Plan: c.plan, Verdict: Unclear, Text: "refused: " + why.Error()}
	err := fmt.Errorf("%s refused: %w", c.action.ID, why)
	if c.plan.Danger == Read {
		out.ID = ""
		return out, err
	}
	if _, auditErr := r.opts.Audit.Append(entry); auditErr != nil {
		out.ID = ""
		err = errors.Join(err, auditErr)
	}
	return out, err
}

// ask shows the card and checks the answer.
func (r *Runner) ask(ctx context.Context, c *call, confirm Confirm) error {
	if confirm == nil {
		return ErrNeedsConfirmation
	}
	_, armed := r.Armed()
	card := Card{Action: c.action, Plan: c.plan, Server: r.opts.Server, Arm: !armed}
	if c.plan.Danger >= Destructive {
		card.Phrase = c.plan.Target
	}
	shown := r.opts.Now()
	answer, err := confirm(ctx, card)
	if err != nil {
		return err
	}
	if !answer.Yes {
		return errClosed
	}
	if age := r.opts.Now().Sub(shown); age > CardLife {
		return fmt.Errorf("the card was %v old when it was confirmed: open it again", age.Round(time.Second))
	}
	c.reason = answer.Reason
	return r.check(card, answer)
}

// check compares an answer with what the card asked for.
func (r *Runner) check(card Card, answer Answer) error {
	if card.Phrase != answer.Typed && card.Phrase != "" {
		return fmt.Errorf("%q was typed where %s is asked for", answer.Typed, card.Phrase)
	}
	if card.Plan.Reason != "" && strings.TrimSpace(answer.Reason) == "" {
		return errors.New("a reason is asked for, since " + card.Plan.Reason)
	}
	if card.Arm {
		return r.Arm(answer.Armed)
	}
	if _, armed := r.Armed(); !armed {
		return errors.New("the session is no longer armed: open the card again")
	}
	return nil
}

// begin claims the target and writes the intent. Without an intent on disk
// nothing runs.
func (r *Runner) begin(c *call) error {
	if err := r.claim(c); err != nil {
		return err
	}
	if c.plan.Danger > Read {
		entry := r.entry(c)
		entry.Phase, entry.Steps = audit.Intent, c.plan.Steps
		if _, err := r.opts.Audit.Append(entry); err != nil {
			r.release(c)
			return fmt.Errorf("%s: nothing was run: %w", c.action.ID, err)
		}
	}
	if err := r.promise(c); err != nil {
		r.release(c)
		return errors.Join(fmt.Errorf("%s: %w", c.action.ID, err), r.record(c, Failed, err.Error()))
	}
	r.mu.Lock()
	c.begun = true
	left := r.closed
	r.mu.Unlock()
	if left {
		r.release(c)
		r.forget(c)
		return errors.Join(errors.New("the session was left: nothing was run"), r.record(c, Cancelled, "the session was left"))
	}
	return nil
}

// claim makes sure that one thing is not done twice at the same time.
func (r *Runner) claim(c *call) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return errors.New("the session was left: nothing was run")
	}
	for _, other := range r.running {
		if other.action.ID == c.action.ID && other.plan.Target == c.plan.Target {
			return fmt.Errorf("%s on %s is under way already", c.action.ID, c.plan.Target)
		}
	}
	c.began, c.plan.ID = r.opts.Now(), c.id
	c.cancel = func() {}
	r.running[c.id] = c
	return nil
}

func (r *Runner) release(c *call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.running, c.id)
}

// carryOut runs a recorded action to its end, and then looks at the effect.
func (r *Runner) carryOut(ctx context.Context, c *call, step func(Progress)) (Outcome, error) {
	before := r.readings(c.plan.Measures, time.Time{})
	runCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	r.mu.Lock()
	c.cancel = cancel
	if c.asked { // to stop, before there was anything to stop
		cancel()
	}
	r.mu.Unlock()

	result, err := r.run(runCtx, c, step)
	ended := r.opts.Now()
	r.release(c)
	out := Outcome{ID: c.id, Plan: c.plan, Result: result, Verdict: Unclear}
	out.Ending, err = r.ending(c, result, err)
	r.remember(out, c.action)
	out.Text = endingText(out, err)
	if note := r.keep(c, out); note != "" {
		out.Text += " · " + note
	}
	if out.Ending == Done {
		r.fulfil(c)
	}
	if lost := r.record(c, out.Ending, out.Text, result.Done...); lost != nil {
		err = errors.Join(err, lost)
		out.Text += " · not recorded: " + lost.Error()
	}
	if out.Ending != Done && len(result.Done) == 0 {
		return out, err
	}
	r.effect(ctx, c, &out, effectRun{before: before, ended: ended, step: step})
	return out, err
}

// run calls the action's Run; a fault of ours must not leave the call open.
func (r *Runner) run(ctx context.Context, c *call, step func(Progress)) (result Result, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			result.Unsure = fmt.Sprintf("fault in tocsin: %v", fault)
		}
	}()
	return c.action.Run(ctx, c.plan, func(p Progress) {
		r.mu.Lock()
		c.progress = p
		r.mu.Unlock()
		if step != nil {
			step(p)
		}
	})
}

// ending puts what Run returned into one word, with the error that belongs to it.
func (r *Runner) ending(c *call, result Result, err error) (Ending, error) {
	r.mu.Lock()
	asked := c.asked
	r.mu.Unlock()
	switch {
	case result.Unsure != "":
		return LeftOpen, errors.Join(fmt.Errorf("%s: not known whether it worked: %s", c.action.ID, result.Unsure), err)
	case err == nil:
		return Done, nil
	case asked:
		return Cancelled, fmt.Errorf("%s cancelled: %w", c.action.ID, err)
	}
	return Failed, fmt.Errorf("%s: %w", c.action.ID, err)
}

// endingText is the ending for the operator and the audit, before any effect.
func endingText(out Outcome, err error) string {
	switch {
	case out.Ending == Done && out.Result.Summary == "":
		return "done"
	case out.Ending == Done:
		return out.Result.Summary
	case out.Result.Summary != "":
		return out.Result.Summary + " · " + err.Error()
	}
	return err.Error()
}
