package provider

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// ManagedDatabase is the database behind a project. What is asked for over the
// API is done to it; what the API tells of it is read from it.
type ManagedDatabase interface {
	// Version is that of PostgreSQL.
	Version() string
	// Ping tells whether it answers.
	Ping(ctx context.Context) error
	// Settings are those that are not the defaults, by name.
	Settings(ctx context.Context) (map[string]any, error)
	// Lints are what an advisor finds in it.
	Lints(ctx context.Context) ([]Lint, error)
	// Requests is how many requests it served since the start.
	Requests() int64
	// Machine is what the machine tells that it runs on.
	Machine(ctx context.Context) (Machine, error)
	// Resize gives it a machine for so many connections; it is down meanwhile.
	Resize(ctx context.Context, connections int) error
	// Restore puts it back to a point in time; it is down meanwhile.
	Restore(ctx context.Context, to time.Time) error
	// Ban lets nobody in from these addresses, and everybody else.
	Ban(ctx context.Context, addresses []string) error
}

// Lint is one thing that an advisor finds.
type Lint struct {
	Kind   string // performance, security
	Name   string // one of the names in the contract
	Level  string // ERROR, WARN, INFO
	Title  string
	Detail string
	Schema string
	Table  string
}

// SupabaseOptions describes the project that a [Supabase] serves.
type SupabaseOptions struct {
	Ref      string // 20 lower-case letters
	Name     string
	Token    string          // the only bearer token that is accepted
	Key      string          // the password of service_role for the metrics
	Database ManagedDatabase // nil is one that is always well and takes every change
	Takes    time.Duration   // how long a replica, or a new machine, takes to come up
	PerMin   int             // requests that the API takes in a minute; 0 is its 60
	Banned   []string        // addresses that are shut out from the start

	Now func() time.Time // nil is time.Now
}

// Supabase is one project at a pretended Supabase. It is an [http.Handler] for
// the API's base address and safe for use by many goroutines.
type Supabase struct {
	opts    SupabaseOptions
	mux     *http.ServeMux
	created time.Time
	life    context.Context // of changes, until Close
	end     context.CancelFunc

	mu       sync.Mutex
	status   string
	size     string // id of the compute size
	mode     string // of the pooler
	pool     *int   // its size; nil is the default
	replicas []replica
	banned   []string
	window   time.Time // beginning of the minute that requests are counted in
	asked    int       // requests in it
	served   []served  // requests of the database, oldest first
	last     Machine   // as the database last told it
	changes  sync.WaitGroup
}

// replica is a read replica; it is listed once it is ready.
type replica struct {
	region string
	ready  bool
}

// served is how many requests there had been at an instant.
type served struct {
	at time.Time
	n  int64
}

// NewSupabase returns a project that is in order.
func NewSupabase(opts SupabaseOptions) *Supabase {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.PerMin == 0 {
		opts.PerMin = 60
	}
	if opts.Database == nil {
		opts.Database = sound{}
	}
	s := &Supabase{
		opts: opts, created: opts.Now().Add(-40 * 24 * time.Hour), status: "ACTIVE_HEALTHY",
		size: "ci_micro", mode: "transaction", banned: slices.Clone(opts.Banned),
	}
	s.mux = s.routes()
	s.life, s.end = context.WithCancel(context.Background())
	return s
}

// Close ends the changes that are under way.
func (s *Supabase) Close() {
	s.end()
	s.changes.Wait()
}

// Wait blocks until every change that was asked for has ended.
func (s *Supabase) Wait() { s.changes.Wait() }

// Banned lists the addresses that are shut out.
func (s *Supabase) Banned() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.banned)
}

// changeLimit bounds one change.
const changeLimit = time.Minute

// during sets a status, does the work, and then sets the status that follows.
// The caller holds mu.
func (s *Supabase) during(status, failed string, work func(ctx context.Context) error) {
	s.status = status
	s.changes.Go(func() {
		ctx, cancel := context.WithTimeout(s.life, changeLimit)
		defer cancel()
		err := work(ctx)
		if err == nil {
			err = passing(ctx, s.opts.Takes)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.status = "ACTIVE_HEALTHY"
		if err != nil {
			s.status = failed
		}
	})
}

// passing waits.
func passing(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// addReplica sets a replica up that is listed once it is ready. The caller
// holds mu.
func (s *Supabase) addReplica(region string) {
	at := len(s.replicas)
	s.replicas = append(s.replicas, replica{region: region})
	s.changes.Go(func() {
		ctx, cancel := context.WithTimeout(s.life, changeLimit)
		defer cancel()
		if passing(ctx, s.opts.Takes) != nil {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.replicas[at].ready = true
	})
}

// computeSize is one size of the machine.
type computeSize struct {
	id, name    string
	hourly      float64 // US dollars
	connections int
}

// computeSizes are some of those that can be bought.
func computeSizes() []computeSize {
	return []computeSize{
		{"ci_micro", "Micro", 0.01344, 60}, {"ci_small", "Small", 0.0206, 90}, {"ci_medium", "Medium", 0.0822, 120},
		{"ci_large", "Large", 0.1517, 160}, {"ci_xlarge", "XL", 0.2877, 240},
	}
}

func findSize(id string) (computeSize, bool) {
	i := slices.IndexFunc(computeSizes(), func(c computeSize) bool { return c.id == id })
	if i < 0 {
		return computeSize{}, false
	}
	return computeSizes()[i], true
}

func (c computeSize) price() string {
	return fmt.Sprintf("$%g/hour (~$%.0f/month)", c.hourly, c.hourly*730)
}
