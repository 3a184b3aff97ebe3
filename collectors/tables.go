package collectors

import (
	"cmp"
	"context"
	"slices"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

const (
	// growthAfter is how long a table must have been watched before its growth
	// says something: sizes change in steps, with each vacuum.
	growthAfter = 30 * time.Minute
	// growthOver is the time over which growth is told.
	growthOver = 24 * time.Hour
	// growthEvery is the least distance of two remembered sizes.
	growthEvery = 30 * time.Minute
)

// tablesKept bounds what is kept, shown and watched: some databases have a
// table for each of their customers.
const tablesKept = 500

// Tables reads sizes, dead rows and ages of the user's tables in the database
// of the connection, without taking a lock on any of them. It remembers their
// sizes for a day: one goroutine at a time may collect.
// Source: pg_class, pg_stat_all_tables; needs no right.
type Tables struct {
	Server *pg.Server
	sizes  []sizesAt // oldest first
	system int64     // of the cluster that they are of
}

// sizesAt are the sizes of all tables at one instant, by OID.
type sizesAt struct {
	at    time.Time
	bytes map[int64]int64
}

// Collect reads on the slow lane.
func (t *Tables) Collect(ctx context.Context) (model.Tables, error) {
	return pg.Read(ctx, t.Server.Slow(), t.read)
}

func (t *Tables) read(ctx context.Context, s *pg.Session) (model.Tables, error) {
	settings, err := single[autovacuum](ctx, s, "tables_settings")
	if err != nil {
		return model.Tables{}, err
	}
	rows, err := list[tableRow](ctx, s, "tables")
	if err != nil {
		return model.Tables{}, err
	}
	parents, err := list[model.TableParent](ctx, s, "table_parents")
	if err != nil {
		return model.Tables{}, err
	}
	out := model.Tables{Parents: parents, Rows: make([]model.Table, len(rows))}
	for i, r := range rows {
		out.Rows[i] = r.Table
		out.Rows[i].Due = r.due(settings)
	}
	if system := s.Caps().System; system != t.system {
		t.system, t.sizes = system, nil // the numbers of another cluster's tables mean other ones
	}
	t.grow(settings.At, out.Rows)
	slices.SortFunc(out.Rows, func(a, b model.Table) int {
		return cmp.Or(cmp.Compare(b.Bytes(), a.Bytes()), cmp.Compare(a.FullName(), b.FullName()))
	})
	kept := largest(out.Rows, tablesKept)
	kept.Parents = parents
	return kept, nil
}

// grow tells how the tables have grown since the oldest remembered sizes, and
// remembers the new ones now and then.
func (t *Tables) grow(now time.Time, rows []model.Table) {
	for len(t.sizes) > 1 && now.Sub(t.sizes[1].at) >= growthOver {
		t.sizes = t.sizes[1:]
	}
	if n := len(t.sizes); n > 0 && now.Sub(t.sizes[0].at) >= growthAfter {
		first := t.sizes[0]
		for i := range rows {
			if before, ok := first.bytes[rows[i].OID]; ok {
				perDay := float64(rows[i].Bytes()-before) / now.Sub(first.at).Hours() * 24
				rows[i].GrowthPerDay = &perDay
			}
		}
	}
	if n := len(t.sizes); n > 0 && now.Sub(t.sizes[n-1].at) < growthEvery {
		return
	}
	sizes := sizesAt{at: now, bytes: make(map[int64]int64, len(rows))}
	for _, r := range rows {
		sizes.bytes[r.OID] = r.Bytes()
	}
	t.sizes = append(t.sizes, sizes)
}

// largest keeps the first n tables and sums up the rest.
func largest(rows []model.Table, n int) model.Tables {
	n = min(n, len(rows))
	out := model.Tables{Rows: slices.Clone(rows[:n]), More: len(rows) - n}
	for _, row := range rows[n:] {
		out.MoreBytes += row.Bytes()
	}
	return out
}
