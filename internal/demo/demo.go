// Package demo runs a small company on this machine: PostgreSQL, Redis, a web
// shop with customers, and the providers around it, all on loopback. Its parts
// really depend on each other, so a fault has real consequences and only the
// true fix ends it. It must not know the dashboard, which sees nothing but an
// ordinary configuration file.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
)

// Options says how to run a world. The zero value will do.
type Options struct {
	// Dir keeps the world's log, its control file and the dashboard's state;
	// "" is a folder that goes with the world.
	Dir string
	// Name is what the configuration calls the target; "" is demo.
	Name string
	// ConfigOut is the configuration file to write for tocsin; "" is one that
	// goes with the world. It is removed at the end.
	ConfigOut string
	// Scenario is the fault to start by itself, "" for none.
	Scenario string
	// ScenarioAfter is the time from ready to the scenario's fault.
	ScenarioAfter time.Duration
	// Standby gives the database a hot standby. It makes coming up seconds
	// longer, so that only a scenario that needs one has it without being asked.
	Standby bool
	// Parent ends the world when it ends: the pipe from the process that
	// started this one. nil for none.
	Parent io.Reader
	// Registry is the folder where running worlds are noted, so that the next
	// one can clean up after one that was killed; "" is the user's own.
	Registry string
	// InProcessRedis does without redis-server even where it is installed.
	InProcessRedis bool
	// Progress is told each step of coming up. nil for nobody.
	Progress func(text string)
	// Ready is told when the company is in business. nil for nobody.
	Ready func(World)
}

// World is what one may know of a running world.
type World struct {
	Dir            string // Options.Dir, or what stands in for it
	ConfigPath     string // configuration file for tocsin
	ShopURL        string
	ControlURL     string // see control.json in Dir
	ControlToken   string
	ProviderURL    string // base address of the Vercel API
	ProviderToken  string
	ManagedURL     string // base address of the Supabase API
	ManagedToken   string
	DSN            string // the shop's database as superuser, over the Unix socket
	StandbyDSN     string // the same on the standby; "" where there is none
	RedisURL       string // with the password
	RedisInProcess bool   // no redis-server was found
	PostgresPID    int
	RedisPID       int // 0 when in process
}

// errParentGone ends a world whose parent has gone; it is no failure.
var errParentGone = errors.New("the parent has gone")

// Run brings a world up, keeps it until ctx ends, the parent goes, or the
// process is hung up on, interrupted or terminated, and then ends everything
// that it started. It returns nil for an ending that was asked for.
func Run(ctx context.Context, opts Options) (err error) {
	if err := checkScenario(opts.Scenario); err != nil {
		return err
	}
	opts.Standby = opts.Standby || needsStandby(opts.Scenario)
	ctx, unhook := signal.NotifyContext(ctx, endings()...)
	defer unhook()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := newWorld(opts, &group{life: ctx, fail: cancel})
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("demo world: panic: %v\n%s", r, debug.Stack())
		}
		cancel(nil)
		err = errors.Join(err, w.end())
	}()
	w.watchParent()
	if err := w.up(ctx); err != nil {
		return outcome(ctx, fmt.Errorf("demo world: %w", err))
	}
	if opts.Ready != nil {
		opts.Ready(w.info)
	}
	<-ctx.Done()
	return outcome(ctx, context.Cause(ctx))
}

// endings are the signals that end a world, except those that the user has
// told us to ignore, as nohup does.
func endings() []os.Signal {
	var signals []os.Signal
	for _, sig := range []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM} {
		if !signal.Ignored(sig) {
			signals = append(signals, sig)
		}
	}
	return signals
}

// outcome is err, or nil when the world was asked to end and err is only what
// that interrupted.
func outcome(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	if cause := context.Cause(ctx); errors.Is(cause, errPartFailed) {
		return cause
	}
	return nil
}

func (w *world) watchParent() {
	if w.opts.Parent == nil {
		return
	}
	// Telling progress to a parent that has gone must not end us unclean.
	signal.Ignore(syscall.SIGPIPE)
	go func() {
		_, _ = io.Copy(io.Discard, w.opts.Parent) // ends with the pipe, whatever the reason
		w.group.fail(errParentGone)
	}()
}
