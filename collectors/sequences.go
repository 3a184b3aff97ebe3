package collectors

import (
	"cmp"
	"context"
	"slices"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// Sequences reads how much of each sequence is used, and of the columns they
// feed. Source: pg_sequences, pg_depend. The values need SELECT or USAGE on
// the sequences, which pg_monitor does not have.
type Sequences struct{ Server *pg.Server }

// Collect reads on the slow lane.
func (q Sequences) Collect(ctx context.Context) (model.Sequences, error) {
	return pg.Read(ctx, q.Server.Slow(), readSequences)
}

func readSequences(ctx context.Context, s *pg.Session) (model.Sequences, error) {
	rows, err := list[model.Sequence](ctx, s, "sequences")
	if err != nil {
		return model.Sequences{}, err
	}
	var closed []string
	for _, row := range rows {
		if !row.Readable {
			closed = append(closed, row.Schema)
		}
	}
	slices.SortFunc(rows, func(a, b model.Sequence) int {
		return cmp.Or(cmp.Compare(gone(b), gone(a)), cmp.Compare(a.FullName(), b.FullName()))
	})
	return model.Sequences{Rows: rows, Hidden: ungranted(s.Caps(), "SEQUENCES", "the value", closed)}, nil
}

// gone orders sequences by what is used of them; a hidden one comes last.
func gone(q model.Sequence) float64 {
	if pct, ok := q.UsedPct(); ok {
		return pct
	}
	return -1
}
