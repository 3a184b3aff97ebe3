package demo

import (
	"context"
	"errors"
	"time"
)

// bloat turns autovacuum off for events and rewrites most of its rows, which
// leaves as many dead ones. It ends when somebody vacuums the table.
type bloat struct{ world *world }

// bloatedAbove is the share of dead rows, in percent of all, above which the
// table still counts as bloated.
const bloatedAbove = 15

func newBloat(w *world) breakage { return &bloat{world: w} }

func (b *bloat) start(ctx context.Context) error {
	s, err := b.world.database.connect(ctx, "worker", "worker")
	if err != nil {
		return err
	}
	if _, err := s.conn.Exec(ctx, "ALTER TABLE public.events SET (autovacuum_enabled = false)"); err != nil {
		return errors.Join(err, s.conn.Close(ctx))
	}
	return b.rewrite(ctx, s)
}

// rewrite lets a session change the rows of events, and returns when it has
// ended and the server's statistics show the dead ones: a session hands in its
// last counters at its end, and they would count on top of a vacuum before that.
func (b *bloat) rewrite(ctx context.Context, s *session) error {
	if err := errors.Join(s.rewriteEvents(ctx), s.conn.Close(ctx)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return until(ctx, "the dead rows do not show in pg_stat_user_tables", func(ctx context.Context) (bool, error) {
		if state, err := b.world.database.state(ctx, s); err != nil || state != "" {
			return false, err
		}
		dead, err := b.deadPercent(ctx)
		return dead > 2*bloatedAbove, err
	})
}

// rewriteEvents leaves most rows of events dead. It changes an indexed column,
// so that pages cannot tidy themselves up, in chunks, so that no transaction
// is long.
func (s *session) rewriteEvents(ctx context.Context) error {
	for from := 0; from < 60_000; from += 10_000 {
		_, err := s.conn.Exec(ctx, "UPDATE public.events SET created_at = created_at + interval '1 second' WHERE id > $1 AND id <= $2",
			from, from+10_000)
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *bloat) deadPercent(ctx context.Context) (float64, error) {
	var percent float64
	err := b.world.database.admin.QueryRow(ctx, `SELECT 100.0 * n_dead_tup / greatest(n_live_tup + n_dead_tup, 1)
  FROM pg_stat_user_tables WHERE relid = 'public.events'::regclass`).Scan(&percent)
	return percent, err
}

func (b *bloat) active(ctx context.Context) (bool, error) {
	dead, err := b.deadPercent(ctx)
	return dead > bloatedAbove, err
}

// heal vacuums again while somebody's transaction, open since before the rows
// died, makes a vacuum keep them.
func (b *bloat) heal(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return until(ctx, "a vacuum leaves the dead rows where they are", func(ctx context.Context) (bool, error) {
		if _, err := b.world.database.admin.Exec(ctx, "VACUUM (ANALYZE) public.events"); err != nil {
			return false, err
		}
		active, err := b.active(ctx)
		return !active, err
	})
}

// tidy lets autovacuum look after the table again.
func (b *bloat) tidy(ctx context.Context) error {
	_, err := b.world.database.admin.Exec(ctx, "ALTER TABLE public.events RESET (autovacuum_enabled)")
	return err
}
