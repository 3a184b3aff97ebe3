// Package shop is the application of the demo company: a small web shop that
// serves HTTP from PostgreSQL and Redis, with a worker and a cron beside it.
// Its errors and latencies are real results of its requests. It must not know
// that anybody watches it or breaks it.
package shop

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
)

// Options says what the shop stands on.
type Options struct {
	// DSN returns the address of the database for a role and an
	// application_name.
	DSN func(role, application string) string
	// Redis is the address of the cache.
	Redis *redis.Options
	// Timeout bounds one request: what takes longer is answered with 504.
	Timeout time.Duration
	// Payments is where the money comes from; without an address none is taken.
	Payments Payments
	// Report is told of every answered request; nil for nobody.
	Report func(Report)
	// CheckIn is told of every run of a job of the worker and how it ended; nil
	// for nobody.
	CheckIn func(job string, err error)
	// Observe is told of every request that was answered; nil for nobody.
	Observe func(Answer)
}

// Answer is one request and how it was answered.
type Answer struct {
	Method, Path string
	Status       int
	Err          error // what went wrong; nil when nothing did
}

// The sizes of the connection pools. Together they stay far below the
// server's limit, so that a pile-up in the shop leaves room for its operators.
const (
	apiConns    = 12 // checkouts
	webConns    = 4  // pages
	workerConns = 3
	cronConns   = 2 // cron and the health check
)

// Shop is the running application. It is an [http.Handler].
type Shop struct {
	timeout  time.Duration
	payments Payments
	payer    *http.Client
	report   func(Report)
	checkIn  func(job string, err error)
	observe  func(Answer)
	api      *pgxpool.Pool
	web      *pgxpool.Pool
	worker   *pgxpool.Pool
	cron     *pgxpool.Pool
	cache    *redis.Client
	mux      *http.ServeMux
	metrics  *metrics

	restarting atomic.Bool // opens no connection

	live   atomic.Pointer[Build]
	mu     sync.Mutex
	builds map[string]Build
}

// Open connects the shop. It serves no build until [Shop.Activate].
func Open(ctx context.Context, opts Options) (*Shop, error) {
	s := &Shop{
		timeout: opts.Timeout, payments: opts.Payments, report: opts.Report, checkIn: opts.CheckIn,
		payer:   &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: apiConns}},
		observe: opts.Observe,
		cache:   redis.NewClient(opts.Redis),
		metrics: newMetrics(time.Now()),
		builds:  map[string]Build{},
	}
	s.mux = s.routes()
	if err := s.openPools(ctx, opts.DSN); err != nil {
		s.Close()
		return nil, fmt.Errorf("open the shop's database: %w", err)
	}
	return s, nil
}

func (s *Shop) openPools(ctx context.Context, dsn func(role, application string) string) error {
	for _, p := range []struct {
		pool        **pgxpool.Pool
		role, app   string
		connections int32
	}{
		{&s.api, "app", "api", apiConns},
		{&s.web, "app", "web", webConns},
		{&s.worker, "worker", "worker", workerConns},
		{&s.cron, "worker", "cron", cronConns},
	} {
		pool, err := s.openPool(ctx, dsn(p.role, p.app), p.connections)
		if err != nil {
			return err
		}
		*p.pool = pool
	}
	return nil
}

func (s *Shop) openPool(ctx context.Context, dsn string, connections int32) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	config.MaxConns, config.MinConns = connections, (connections+1)/2
	config.ConnConfig.ConnectTimeout = 3 * time.Second
	// A request that gives up cancels its statement and keeps the connection:
	// the number of sessions stays what the pools allow.
	config.ConnConfig.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: time.Second}
	}
	config.BeforeConnect = func(context.Context, *pgx.ConnConfig) error {
		if s.restarting.Load() {
			return errUnavailable
		}
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return pool, nil
}

func (s *Shop) pools() []*pgxpool.Pool { return []*pgxpool.Pool{s.api, s.web, s.worker, s.cron} }

// Restart gives all connections to the database back, as a new start of the
// shop does, and opens none until between has returned; requests fail meanwhile.
func (s *Shop) Restart(between func() error) error {
	s.restarting.Store(true)
	defer s.restarting.Store(false)
	for _, pool := range s.pools() {
		pool.Reset()
	}
	return between()
}

// Close ends the connections. Requests under way fail.
func (s *Shop) Close() {
	for _, pool := range s.pools() {
		if pool != nil {
			pool.Close()
		}
	}
	_ = s.cache.Close() // nothing is lost with it
	s.payer.CloseIdleConnections()
}

// ServeHTTP answers one request with the live build.
func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func (s *Shop) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.handle("/", s.frontPage))
	mux.HandleFunc("GET /product/{id}", s.handle("/product/{id}", s.productPage))
	mux.HandleFunc("GET /offers", cacheable(s.handle("/offers", s.offersPage)))
	mux.HandleFunc("POST /checkout", s.handle("/checkout", s.checkout))
	mux.HandleFunc("GET /health", s.handle("/health", s.health))
	mux.HandleFunc("GET /metrics", s.writeMetrics)
	return mux
}

// ErrUnknownBuild is the refusal to activate a build that was never installed.
var ErrUnknownBuild = errors.New("no such build")

// Install makes a build known; it does not serve yet.
func (s *Shop) Install(b Build) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.builds[b.Name] = b
}

// Installed gives an installed build; not ok when there is none of that name.
func (s *Shop) Installed(name string) (Build, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.builds[name]
	return b, ok
}

// Activate makes an installed build serve from the next request on.
func (s *Shop) Activate(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.builds[name]
	if !ok {
		return fmt.Errorf("activate %q: %w", name, ErrUnknownBuild)
	}
	s.live.Store(&b)
	return nil
}

// Live is the build that serves, the zero Build before the first one.
func (s *Shop) Live() Build {
	if b := s.live.Load(); b != nil {
		return *b
	}
	return Build{}
}

// Counts returns the answered requests and those answered with a 5xx since
// the start, over all routes.
func (s *Shop) Counts() (requests, failures int64) { return s.metrics.counts() }
