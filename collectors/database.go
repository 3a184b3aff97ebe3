package collectors

import (
	"context"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// Databases reads what the databases did since the reading before. It
// remembers the last reading: one goroutine at a time may collect.
type Databases struct {
	Server *pg.Server
	last   map[int64]model.DatabaseCounts // by oid; nil before the first reading
	at     time.Time                      // of the last reading, by the server's clock
	of     pg.Identity                    // the server of the last reading
}

type databaseRow struct {
	At       time.Time
	ID       int64 // oid
	Name     string
	Backends int
	model.DatabaseCounts
	Since *time.Time
}

// Collect reads on the fast lane. The first reading gives no changes.
func (c *Databases) Collect(ctx context.Context) (model.Databases, error) {
	var of pg.Identity
	rows, err := pg.Read(ctx, c.Server.Fast(), func(ctx context.Context, s *pg.Session) ([]databaseRow, error) {
		of = s.Caps().Identity
		return list[databaseRow](ctx, s, "databases")
	})
	if err != nil || len(rows) == 0 {
		return model.Databases{}, err
	}
	if !c.of.Same(of) {
		c.last = nil
	}
	var out model.Databases
	if c.last != nil {
		out.Elapsed = max(rows[0].At.Sub(c.at), 0)
	}
	now := map[int64]model.DatabaseCounts{}
	for _, row := range rows {
		now[row.ID] = row.DatabaseCounts
		out.Rows = append(out.Rows, c.database(row))
	}
	c.last, c.at, c.of = now, rows[0].At, of
	return out, nil
}

// database gives what happened since the last reading; all that a new
// database counts is new.
func (c *Databases) database(row databaseRow) model.Database {
	out := model.Database{Name: row.Name, Backends: row.Backends, Ever: row.DatabaseCounts, Since: row.Since}
	if c.last == nil {
		return out
	}
	diff, ok := row.DatabaseCounts.Minus(c.last[row.ID])
	if ok {
		out.Now = diff
	}
	out.Reset = !ok
	return out
}
