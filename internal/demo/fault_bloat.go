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
	_, err = s.conn.Exec(ctx, "ALTER TABLE public.events SET (autovacuum_enabled = false)")
	if err == nil {
		err = s.rewriteEvents(ctx)
	}
	// The counters of a session are complete when it has ended.
	if err := errors.Join(err, s.conn.Close(ctx)); err != nil {
		return err
	}
	return b.awaitCounters(ctx)
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

// awaitCounters waits until the server's statistics show the dead rows.
func (b *bloat) awaitCounters(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return until(ctx, "the dead rows do not show in pg_stat_user_tables", func(ctx context.Context) (bool, error) {
		dead, err := b.deadPercent(ctx)
		return dead > 2*bloatedAbove, err
	})
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
