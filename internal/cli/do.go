package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tocsin/actions"
	"tocsin/internal/alert"
	"tocsin/internal/sched"
	"tocsin/internal/strict"
)

// The exit codes of `do` besides 0 verified, 1 refused or failed with nothing
// changed, and 2 wrong usage.
const (
	exitPartly  = 4 // fired but unverified, or failed part way
	exitConfirm = 5 // confirmation needed; nothing changed
)

// doFlags are the flags of `tocsin do`.
type doFlags struct {
	dryRun bool
	yes    string
	reason string
	format *form
}

func (c *command) do() *cobra.Command {
	f := doFlags{}
	cmd := &cobra.Command{
		Use: "do ACTION [name=value ...]", Short: "Run one action, as its card on the screen would",
		Long: "do plans an action, and runs it when --yes gives the text that its card asks for.\n" +
			"Without it, or with --dry-run, the plan is printed and nothing changes.\n\n" +
			"Exit codes: 0 done and verified (whether it helped is printed), 1 refused or failed with nothing changed, 2 wrong usage,\n" +
			"4 fired but unverified or failed part way, 5 confirmation needed.",
		Example: "  tocsin do pg.vacuum table=public.orders --dry-run\n" +
			"  tocsin do pg.vacuum table=public.orders --yes=public.orders --reason 'dead rows'",
		Args: func(_ *cobra.Command, words []string) error {
			if len(words) == 0 {
				return errors.New("name the action: tocsin do ACTION [name=value ...]; `tocsin actions` lists them")
			}
			return nil
		},
		ValidArgsFunction: completeCall,
		RunE: func(_ *cobra.Command, words []string) error {
			return oneShot(func() error { return c.doAction(words[0], words[1:], f) })
		},
	}
	f.format = formFlag(cmd, formTable, formJSON)
	flags := cmd.Flags()
	flags.BoolVar(&f.dryRun, "dry-run", false, "print what would be done, and do nothing")
	flags.StringVar(&f.yes, "yes", "", "the text that the card asks for: confirms and arms")
	flags.StringVar(&f.reason, "reason", "", "why, for the audit")
	return cmd
}

func (c *command) doAction(id string, words []string, f doFlags) error {
	args, err := parseArgs(words)
	if err != nil {
		return &exit{exitUsage, err}
	}
	p, err := c.open()
	if err != nil {
		return err
	}
	action, err := p.action(id)
	if err != nil {
		p.close()
		return &exit{exitUsage, err}
	}
	if err := p.state.recall(p.engine); err != nil { // the alerts, for what is said of them
		c.warn(err)
	}
	d := &deed{c: c, p: p, action: action, args: args, flags: f}
	if f.dryRun {
		defer p.close()
		return d.dryRun()
	}
	return d.perform()
}

// parseArgs reads name=value.
func parseArgs(words []string) (actions.Args, error) {
	args := actions.Args{}
	for _, word := range words {
		name, value, ok := strings.Cut(word, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("%q is not name=value", word)
		}
		if _, twice := args[name]; twice {
			return nil, fmt.Errorf("%s is given twice", name)
		}
		args[name] = value
	}
	return args, nil
}

// action finds an action by its id, or says what may have been meant.
func (p *program) action(id string) (actions.Action, error) {
	if a, ok := p.runner.Find(id); ok {
		return a, nil
	}
	var ids []string
	for _, a := range p.runner.List() {
		ids = append(ids, a.ID)
	}
	if near, ok := strict.Nearest(id, ids); ok {
		return actions.Action{}, fmt.Errorf("there is no action %q: did you mean %s?", id, near)
	}
	return actions.Action{}, fmt.Errorf("there is no action %q: `tocsin actions` lists them", id)
}

// deed is one call of `tocsin do`.
type deed struct {
	c      *command
	p      *program
	action actions.Action
	args   actions.Args
	flags  doFlags

	reading sync.WaitGroup // the sources by which the effect is measured
}

// dryRun prints the plan and does nothing.
func (d *deed) dryRun() error {
	ctx, code, stop := interruptible()
	defer stop()
	plan, err := d.p.runner.Plan(ctx, d.action.ID, d.args)
	if n := code(); n != 0 {
		return &exit{code: n}
	}
	out := ended{Outcome: actions.Outcome{Plan: plan, Text: "dry run: nothing was changed"}, err: err, dry: true}
	if err == nil && plan.Refuse != "" {
		out.err = fmt.Errorf("%s would be refused: %s", d.action.ID, plan.Refuse)
	}
	return d.report(out)
}

// ended is how a call ended.
type ended struct {
	actions.Outcome

	err         error
	dry         bool // nothing was to be done
	interrupted bool // the operator asked it to stop
}

// perform runs the action. The first Ctrl-C asks it to stop; a hang-up, a TERM
// or a second Ctrl-C leaves it running, as the audit then says.
func (d *deed) perform() error {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM)
	defer signal.Stop(signals)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan ended, 1)
	go func() {
		out, err := d.p.runner.Do(ctx, d.order())
		done <- ended{Outcome: out, err: err}
	}()
	asked := false
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		select {
		case end := <-done:
			cancel()
			d.reading.Wait()
			d.p.close()
			end.interrupted = asked
			return d.report(end)
		case s := <-signals:
			if asked || s != syscall.SIGINT {
				// The program must not be closed: that would end what is left running.
				return &exit{exitSignal + int(s.(syscall.Signal)), d.p.runner.Abandon()}
			}
			asked = true
			cancel()
		case <-again.C:
			if asked {
				d.stop() // again and again: it may have begun just after the key
			}
		}
	}
}

// stop asks what runs to stop.
func (d *deed) stop() {
	for _, call := range d.p.runner.Running() {
		_ = d.p.runner.Cancel(call.ID) // it may have ended by now
	}
}

func (d *deed) order() actions.Order {
	return actions.Order{Action: d.action.ID, Args: d.args, Confirm: d.confirm, Step: d.c.progress()}
}

// confirm answers the card with what the command line said. The effect cannot
// be told without numbers from before, so these are read between.
func (d *deed) confirm(ctx context.Context, card actions.Card) (actions.Answer, error) {
	switch d.flags.yes {
	case card.Plan.Target:
	case "":
		return actions.Answer{}, fmt.Errorf("%s: %w: nothing was changed: say %s", d.action.ID, actions.ErrNeedsConfirmation, yesFlag(card.Plan))
	default:
		return actions.Answer{}, fmt.Errorf("%s: %w: nothing was changed: --yes gave %q, say %s",
			d.action.ID, actions.ErrNeedsConfirmation, d.flags.yes, yesFlag(card.Plan))
	}
	d.measure(ctx, card.Plan.Measures)
	if err := ctx.Err(); err != nil {
		return actions.Answer{}, err
	}
	answer := actions.Answer{Yes: true, Typed: card.Phrase, Reason: d.flags.reason}
	if card.Arm {
		answer.Armed = card.Server
	}
	return answer, nil
}

// measure reads the sources of the measures, and goes on reading them until
// ctx ends.
func (d *deed) measure(ctx context.Context, measures []actions.Measure) {
	jobs := d.p.jobsFor(measures)
	if len(jobs) == 0 {
		return
	}
	limited, cancel := context.WithTimeout(ctx, defaultStatusTimeout)
	defer cancel()
	sched.Once(limited, ratePause, jobs...)
	d.reading.Go(func() { sched.Run(ctx, jobs...) })
}

// jobsFor gives the jobs of the sources that the measures need.
func (p *program) jobsFor(measures []actions.Measure) []sched.Job {
	wanted := map[string]bool{}
	for _, m := range measures {
		wanted[m.Metric] = true
	}
	metrics := slices.DeleteFunc(alert.Metrics(), func(m alert.Metric) bool { return !wanted[m.Name] })
	return p.jobsNamed(func(name string) bool {
		return slices.ContainsFunc(metrics, func(m alert.Metric) bool { return m.GivenBy(name) })
	})
}

// code is the exit code for how a call ended.
func (e ended) code() int {
	switch {
	case e.err == nil:
		return exitOK
	case e.interrupted:
		return exitSignal + int(syscall.SIGINT)
	case errors.Is(e.err, actions.ErrUsage):
		return exitUsage
	case errors.Is(e.err, actions.ErrNeedsConfirmation):
		return exitConfirm
	case e.Ending == actions.LeftOpen, e.Ending == actions.Done, len(e.Result.Done) > 0:
		return exitPartly
	}
	return exitFailed
}
