package collectors

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// Bloat estimates what a rewrite of each table would free. Source: pg_class,
// pg_stats, without a lock. The statistics need SELECT on the tables, which
// pg_monitor does not have; pg_read_all_data would open the password hashes too.
type Bloat struct{ Server *pg.Server }

// Collect reads on the slow lane.
func (b Bloat) Collect(ctx context.Context) (model.Bloat, error) {
	return pg.Read(ctx, b.Server.Slow(), readBloat)
}

func readBloat(ctx context.Context, s *pg.Session) (model.Bloat, error) {
	rows, err := list[model.BloatedTable](ctx, s, "bloat")
	if err != nil {
		return model.Bloat{}, err
	}
	out := model.Bloat{Rows: rows}
	var closed, guarded []string
	for _, row := range rows {
		switch {
		case !row.Readable:
			closed = append(closed, row.Schema)
		case row.RLS:
			guarded = append(guarded, row.FullName())
		case row.BloatBytes == nil:
			out.Unestimated++
		}
	}
	out.Hidden = ungranted(s.Caps(), "TABLES", "the statistics", closed)
	if len(guarded) > 0 && out.Hidden == "" {
		out.Hidden = "row-level security hides the statistics of " + strings.Join(guarded[:min(len(guarded), 3)], ", ") +
			" from role " + s.Caps().Role
	}
	slices.SortFunc(rows, func(a, b model.BloatedTable) int {
		return cmp.Or(cmp.Compare(waste(b), waste(a)), cmp.Compare(b.HeapBytes, a.HeapBytes), cmp.Compare(a.FullName(), b.FullName()))
	})
	return out, nil
}

// waste orders tables by what a rewrite frees; what is not known comes last.
func waste(t model.BloatedTable) int64 {
	if t.BloatBytes == nil {
		return -1
	}
	return *t.BloatBytes
}
