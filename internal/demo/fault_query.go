package demo

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// slowReportSQL asks for every item of every order what its customer has
// spent in all; see lifetime_value in schema.sql.
const slowReportSQL = `/* monthly report */ SELECT u.email, count(*) AS items, sum(i.price_cents * i.quantity) AS cents, max(lifetime_value(o.user_id)) AS value
  FROM orders o JOIN order_items i ON i.order_id = o.id JOIN users u ON u.id = o.user_id GROUP BY u.email ORDER BY value DESC`

// slowQuery is a report that runs far too long. It ends when its statement is
// cancelled or its session ended; it is not tried again.
type slowQuery struct {
	world *world
	*session
	stop  context.CancelFunc // ends the statement from our side
	ended chan struct{}      // closed when the statement has ended
}

func newSlowQuery(w *world) breakage { return &slowQuery{world: w, ended: make(chan struct{})} }

func (q *slowQuery) start(ctx context.Context) error {
	var err error
	if q.session, err = q.world.database.connect(ctx, "reports", "reports"); err != nil {
		return err
	}
	// The report outlives the request that asked for it, and ends with the world.
	life, stop := context.WithCancel(q.world.group.life)
	q.stop = stop
	q.world.group.run("report", func(context.Context) {
		defer close(q.ended)
		_, _ = q.conn.Exec(life, slowReportSQL, pgx.QueryExecModeSimpleProtocol) // ends in an error by design
	})
	return q.awaitActive(ctx)
}

func (q *slowQuery) awaitActive(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if active, err := q.active(ctx); err != nil || active {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-q.ended:
			return errors.New("the report ended at once")
		case <-tick.C:
		}
	}
}

func (q *slowQuery) active(ctx context.Context) (bool, error) {
	state, err := q.world.database.state(ctx, q.session)
	return state == "active", err
}

func (q *slowQuery) heal(ctx context.Context) error {
	_, err := q.world.database.admin.Exec(ctx,
		"SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2", q.pid, q.started)
	return err
}

// tidy closes the session once its statement has ended; a connection must not
// be closed while another goroutine uses it.
func (q *slowQuery) tidy(ctx context.Context) error {
	if q.session == nil {
		return nil
	}
	q.stop()
	select {
	case <-q.ended:
		q.close(ctx)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
