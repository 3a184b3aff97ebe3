package collectors

import (
	"context"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// Wraparound reads how far the oldest rows are from the last transaction id,
// of all databases and of the relations of the connected one.
// Source: pg_database, pg_class; needs no right and takes no lock.
type Wraparound struct{ Server *pg.Server }

// freezeLimits is a row of the query wraparound_limits.
type freezeLimits struct {
	Freeze int64
	Multi  int64
}

// Collect reads on the slow lane.
func (w Wraparound) Collect(ctx context.Context) (model.Wraparound, error) {
	return pg.Read(ctx, w.Server.Slow(), readWraparound)
}

func readWraparound(ctx context.Context, s *pg.Session) (model.Wraparound, error) {
	limits, err := single[freezeLimits](ctx, s, "wraparound_limits")
	if err != nil {
		return model.Wraparound{}, err
	}
	databases, err := list[model.DatabaseAge](ctx, s, "wraparound_databases")
	if err != nil {
		return model.Wraparound{}, err
	}
	relations, err := list[model.RelationAge](ctx, s, "wraparound_relations")
	if err != nil {
		return model.Wraparound{}, err
	}
	return model.Wraparound{FreezeAge: limits.Freeze, MultiFreezeAge: limits.Multi, Databases: databases, Relations: relations}, nil
}
