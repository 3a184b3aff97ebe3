package demo

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// lockPileup is a cron job that changes the table of orders and then sits in
// its transaction. Behind it come the customers, and three jobs each of which
// waits for the one before and holds what the next one wants. It ends when the
// session of the first is ended, which does not come back.
type lockPileup struct {
	world *world
	*session
	jobs []*waitingJob
}

// waitingJob is a job that holds a row and waits for a lock of another.
type waitingJob struct {
	*session
	stop  context.CancelFunc // ends its wait from our side
	ended chan struct{}      // closed when it waits no more
}

func newLockPileup(w *world) breakage { return &lockPileup{world: w} }

func (l *lockPileup) start(ctx context.Context) error {
	var err error
	if l.session, err = l.world.database.connect(ctx, "worker", "worker"); err != nil {
		return err
	}
	for _, sql := range []string{"BEGIN", "/* cron: reindex-carts */ ALTER TABLE public.orders ADD COLUMN cart_indexed boolean"} {
		if _, err := l.conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
	}
	// Rows of customers, and no key of them: orders that are placed need these.
	for _, job := range []struct{ app, holds, wants string }{
		{"loyalty", "UPDATE users SET name = name WHERE id = 1", "UPDATE orders SET state = state WHERE id = 1"},
		{"crm-sync", "UPDATE users SET name = name WHERE id = 2", "UPDATE users SET name = name WHERE id = 1"},
		{"newsletter", "UPDATE users SET name = name WHERE id = 3", "UPDATE users SET name = name WHERE id = 2"},
	} {
		if err := l.queue(ctx, job.app, job.holds, job.wants); err != nil {
			return err
		}
	}
	return nil
}

// queue starts a job and returns when it waits.
func (l *lockPileup) queue(ctx context.Context, app, holds, wants string) error {
	s, err := l.world.database.connect(ctx, "worker", app)
	if err != nil {
		return err
	}
	life, stop := context.WithCancel(l.world.group.life)
	job := &waitingJob{session: s, stop: stop, ended: make(chan struct{})}
	l.jobs = append(l.jobs, job)
	l.world.group.run(app, func(context.Context) {
		defer close(job.ended)
		for _, sql := range []string{"BEGIN", holds, wants, "COMMIT"} {
			if _, err := s.conn.Exec(life, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
				return // stopped, or ended by somebody
			}
		}
	})
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return until(ctx, app+" does not come to wait", func(ctx context.Context) (waits bool, err error) {
		err = l.world.database.admin.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_locks WHERE pid = $1 AND NOT granted)", s.pid).Scan(&waits)
		return waits, err
	})
}

func (l *lockPileup) active(ctx context.Context) (bool, error) {
	state, err := l.world.database.state(ctx, l.session)
	return strings.HasPrefix(state, "idle in transaction"), err
}

func (l *lockPileup) heal(ctx context.Context) error {
	_, err := l.world.database.admin.Exec(ctx,
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2", l.pid, l.started)
	return err
}

// tidy closes the sessions; one must not be closed while another goroutine uses it.
func (l *lockPileup) tidy(ctx context.Context) error {
	l.close(ctx)
	for _, job := range l.jobs {
		job.stop()
		select {
		case <-job.ended:
			job.close(ctx)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
