package demo

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// oldSnapshot is an analyst who looked at the orders in a transaction and went
// home, while a job rewrites most of events: autovacuum comes and frees
// nothing. It ends when the session is ended and the table was vacuumed.
type oldSnapshot struct {
	world *world
	bloat
	*session
}

func newOldSnapshot(w *world) breakage { return &oldSnapshot{world: w, bloat: bloat{world: w}} }

func (o *oldSnapshot) start(ctx context.Context) error {
	var err error
	if o.session, err = o.world.database.connect(ctx, "reports", "psql"); err != nil {
		return err
	}
	for _, sql := range []string{"BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT state, count(*) FROM orders GROUP BY state"} {
		if _, err := o.conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
	}
	job, err := o.world.database.connect(ctx, "worker", "worker")
	if err != nil {
		return err
	}
	return o.rewrite(ctx, job)
}

func (o *oldSnapshot) active(ctx context.Context) (bool, error) {
	state, err := o.world.database.state(ctx, o.session)
	if err != nil || state != "" {
		return true, err
	}
	return o.bloat.active(ctx)
}

func (o *oldSnapshot) heal(ctx context.Context) error {
	_, err := o.world.database.admin.Exec(ctx,
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2", o.pid, o.started)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	ended := func(ctx context.Context) (bool, error) {
		state, err := o.world.database.state(ctx, o.session)
		return state == "", err
	}
	if err := until(ctx, "the analyst's session does not end", ended); err != nil {
		return err
	}
	return o.bloat.heal(ctx)
}

func (o *oldSnapshot) tidy(ctx context.Context) error {
	o.session.close(ctx)
	return nil
}
