package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

var (
	errUnknownFault = errors.New("no such fault")
	errFaultRunning = errors.New("this fault is there already")
	errNoFault      = errors.New("this fault is not there")
	errNoStandby    = errors.New("this world has no standby: start it with --standby")
)

// Fault is one way to break the world. A new one is a line in [Faults].
type Fault struct {
	Name  string // shared with the runbook
	About string // one line for people
	in    func(*world) breakage

	standby bool // only in a world whose database has a standby
}

// breakage is one fault in one world, from its start to its end.
type breakage interface {
	// start breaks something; it returns when the consequence is there.
	start(ctx context.Context) error
	// active measures in the world whether it is still broken.
	active(ctx context.Context) (bool, error)
	// heal applies the true fix.
	heal(ctx context.Context) error
	// tidy removes what the fix leaves of us, such as our end of a connection.
	tidy(ctx context.Context) error
}

// Faults lists what can be broken.
func Faults() []Fault {
	return []Fault{
		{Name: "bad-deploy", About: "a new build whose checkout fails and is slow", in: newBadDeploy},
		{Name: "lock-pileup", About: "a cron job locks orders and goes idle in its transaction", in: newLockPileup},
		{Name: "connections-exhausted", About: "a report worker leaks connections until the shop gets none", in: newConnectionLeak},
		{Name: "replica-lag", About: "a backup paused the replay of the standby and forgot it", in: newReplicaLag, standby: true},
		{Name: "bloat", About: "events fills with dead rows, autovacuum is off there", in: newBloat},
		{Name: "old-snapshot", About: "an analyst's forgotten transaction keeps the dead rows of events", in: newOldSnapshot},
		{Name: "stale-cache", About: "customers see pinned pages while prices change", in: newStaleCache},
		{Name: "cache-leak", About: "an import fills the cache with carts that never end", in: newCacheLeak},
		{Name: "disk-filling", About: "the slot of a standby that is no more keeps all the log of an import", in: newDiskFilling},
		{Name: "slow-query", About: "a report over all orders runs for many minutes", in: newSlowQuery},
		{Name: "error-spike", About: "a value in the cache that no checkout can read", in: newErrorSpike},
		{Name: "provider-outage", About: "the payment provider fails", in: newProviderOutage},
	}
}

// Scenarios names what [Options.Scenario] may be: the faults, in order.
func Scenarios() []string {
	var names []string
	for _, f := range Faults() {
		names = append(names, f.Name)
	}
	return names
}

func findFault(name string) (Fault, error) {
	for _, f := range Faults() {
		if f.Name == name {
			return f, nil
		}
	}
	return Fault{}, fmt.Errorf("%q: %w: choose from %s", name, errUnknownFault, strings.Join(Scenarios(), " "))
}

func needsStandby(scenario string) bool {
	f, err := findFault(scenario)
	return err == nil && f.standby
}

func checkScenario(name string) error {
	if name == "" {
		return nil
	}
	_, err := findFault(name)
	return err
}

// faults keeps the breakages of one world.
type faults struct {
	world *world

	mu   sync.Mutex
	here map[string]*presence
}

// presence is a breakage that was started and has not ended.
type presence struct {
	breakage
	started bool // start has returned, so active may be asked
}

func newFaults(w *world) *faults { return &faults{world: w, here: map[string]*presence{}} }

// running names the faults whose start is done, in order.
func (f *faults) running() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	names := []string{}
	for name, p := range f.here {
		if p.started {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// start breaks the world; it is refused while the same fault is there.
func (f *faults) start(ctx context.Context, name string) error {
	p, err := f.enter(name)
	if err != nil {
		return err
	}
	began := time.Now() // what somebody does while the consequence comes is an answer to it
	err = p.start(ctx)
	f.world.journal.since(began, "fault.started", name, err)
	if err != nil {
		f.leave(name)
		return errors.Join(fmt.Errorf("start %s: %w", name, err), p.tidy(ctx))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	p.started = true
	return nil
}

func (f *faults) enter(name string) (*presence, error) {
	fault, err := findFault(name)
	if err != nil {
		return nil, err
	}
	if fault.standby && f.world.standby == nil {
		return nil, fmt.Errorf("%s: %w", name, errNoStandby)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.here[name] != nil {
		return nil, fmt.Errorf("%s: %w", name, errFaultRunning)
	}
	p := &presence{breakage: fault.in(f.world)}
	f.here[name] = p
	return p, nil
}

func (f *faults) leave(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.here, name)
}

// find returns a fault whose start is done.
func (f *faults) find(name string) (*presence, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.here[name]
	return p, p != nil && p.started
}

// heal applies the true fix; the watch then finds the fault gone.
func (f *faults) heal(ctx context.Context, name string) error {
	if _, err := findFault(name); err != nil {
		return err
	}
	p, ok := f.find(name)
	if !ok {
		return fmt.Errorf("%s: %w", name, errNoFault)
	}
	err := p.heal(ctx)
	f.world.journal.note("fault.healed", name, err)
	return err
}

// watch notices faults that somebody has mended, until ctx ends.
func (f *faults) watch(ctx context.Context) {
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			for _, name := range f.running() {
				f.check(ctx, name)
			}
		}
	}
}

// check ends a fault that is no longer active. While nobody can tell, it stays.
func (f *faults) check(ctx context.Context, name string) {
	p, ok := f.find(name)
	if !ok {
		return
	}
	limited, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if active, err := p.active(limited); active || err != nil {
		return
	}
	f.world.journal.note("fault.ended", name, p.tidy(limited))
	f.leave(name)
}
