package demo

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
)

// lockPileup is a cron job that changes the table of orders and then sits in
// its transaction. It ends when its session is ended, and does not come back.
type lockPileup struct {
	world *world
	*session
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
	return nil
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

func (l *lockPileup) tidy(ctx context.Context) error {
	l.close(ctx)
	return nil
}
