package demo

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// connectionLeak is a report worker that leaks the connection of every report:
// it reads, and leaves the transaction open. When the server has no more, the
// shop is restarted, and what it gives back goes to the worker as well. It
// ends when its sessions are ended: the worker notices and does not come back.
type connectionLeak struct {
	world *world

	mu      sync.Mutex
	leaked  []*session
	stop    context.CancelFunc
	stopped chan struct{} // closed when the worker has gone
}

const (
	leakApp   = "report-worker"
	leakLimit = 25 * time.Second
	leakHands = 4                      // reports at a time
	leakEvery = 500 * time.Millisecond // between two reports, once the server is full
	// leakedLeft is how many leaked sessions leave the shop enough.
	leakedLeft = 5
)

func newConnectionLeak(w *world) breakage {
	return &connectionLeak{world: w, stop: func() {}, stopped: make(chan struct{})}
}

// start leaks until the shop has no connection left.
func (c *connectionLeak) start(ctx context.Context) error {
	close(c.stopped) // there is no worker yet
	ctx, cancel := context.WithTimeout(ctx, leakLimit)
	defer cancel()
	if err := c.fill(ctx); err != nil {
		return err
	}
	if err := c.world.shop.Restart(func() error { return c.starve(ctx) }); err != nil {
		return err
	}
	life, stop := context.WithCancel(c.world.group.life)
	c.stop, c.stopped = stop, make(chan struct{})
	c.world.group.run(leakApp, func(context.Context) { c.work(life) })
	return nil
}

// starve takes what the shop gives back, the last of it when the requests
// under way have ended.
func (c *connectionLeak) starve(ctx context.Context) error {
	return until(ctx, "the shop keeps its connections", func(ctx context.Context) (bool, error) {
		if err := c.fill(ctx); err != nil {
			return false, err
		}
		left, err := c.shopSessions(ctx)
		return err == nil && left == 0, err
	})
}

func (c *connectionLeak) shopSessions(ctx context.Context) (n int, err error) {
	err = c.world.database.admin.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity
  WHERE application_name IN ('api', 'web', 'worker', 'cron')`).Scan(&n)
	return n, err
}

// fill takes every connection that the server still gives.
func (c *connectionLeak) fill(ctx context.Context) error {
	var all sync.WaitGroup
	errs := make([]error, leakHands)
	for i := range leakHands {
		all.Go(func() {
			for errs[i] == nil {
				errs[i] = c.report(ctx)
			}
		})
	}
	all.Wait()
	return errors.Join(slices.DeleteFunc(errs, isFull)...)
}

// report makes one report and leaks its connection.
func (c *connectionLeak) report(ctx context.Context) error {
	s, err := c.world.database.connect(ctx, "reports", leakApp)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.leaked = append(c.leaked, s)
	c.mu.Unlock()
	for _, sql := range []string{"BEGIN", "/* daily report */ SELECT count(*) FROM users WHERE created_at > now() - interval '1 day'"} {
		if _, err := s.conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
	}
	return nil
}

// isFull tells the refusal of a server that has no connection left.
func isFull(err error) bool {
	refusal, ok := errors.AsType[*pgconn.PgError](err)
	return ok && refusal.Code == "53300"
}

// work goes on making reports, until one of its sessions is ended by somebody.
func (c *connectionLeak) work(ctx context.Context) {
	defer close(c.stopped)
	tick := time.NewTicker(leakEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if alive, err := c.alive(ctx); err != nil || alive < c.count() {
			return
		}
		if err := c.report(ctx); err != nil && !isFull(err) {
			return
		}
	}
}

func (c *connectionLeak) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.leaked)
}

// identities are the pids of the leaked sessions and when they started.
func (c *connectionLeak) identities() (pids []int32, started []time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.leaked {
		pids, started = append(pids, int32(s.pid)), append(started, s.started)
	}
	return pids, started
}

const leakedFrom = ` FROM unnest($1::int[], $2::timestamptz[]) AS l(pid, started)
  JOIN pg_stat_activity a ON a.pid = l.pid AND a.backend_start = l.started`

// alive counts the leaked sessions that are still there.
func (c *connectionLeak) alive(ctx context.Context) (n int, err error) {
	pids, started := c.identities()
	err = c.world.database.admin.QueryRow(ctx, "SELECT count(*)"+leakedFrom, pids, started).Scan(&n)
	return n, err
}

func (c *connectionLeak) active(ctx context.Context) (bool, error) {
	n, err := c.alive(ctx)
	return n > leakedLeft, err
}

func (c *connectionLeak) heal(ctx context.Context) error {
	pids, started := c.identities()
	_, err := c.world.database.admin.Exec(ctx, "SELECT pg_terminate_backend(a.pid)"+leakedFrom, pids, started)
	return err
}

func (c *connectionLeak) tidy(ctx context.Context) error {
	c.stop()
	select {
	case <-c.stopped:
	case <-ctx.Done():
		return ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.leaked {
		s.close(ctx)
	}
	return nil
}
