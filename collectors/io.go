package collectors

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// ioSince is the major version that pg_stat_io came with.
const ioSince = 16

// IO reads what each kind of process read and wrote since the reading before.
// It remembers the last reading: one goroutine at a time may collect.
type IO struct {
	Server *pg.Server
	last   map[ioKind]ioCounts // nil before the first reading
	at     time.Time           // of the last reading, by the server's clock
	of     pg.Identity         // the server of the last reading
}

type ioKind struct{ Backend, Object, Context string }

type ioCounts struct {
	Reads      int64
	ReadBytes  int64
	ReadMs     float64
	Writes     int64
	WriteBytes int64
	WriteMs    float64
	Hits       int64
	Evictions  int64
}

type ioRow struct {
	At    time.Time
	Timed bool
	ioKind
	ioCounts
}

type ioReading struct {
	rows  []ioRow
	major int
	of    pg.Identity
}

// Collect reads on the fast lane. The first reading gives no rows.
func (c *IO) Collect(ctx context.Context) (model.IO, error) {
	got, err := pg.Read(ctx, c.Server.Fast(), readIO)
	if err != nil {
		return model.IO{}, err
	}
	if len(got.rows) == 0 {
		return model.IO{Why: fmt.Sprintf("PostgreSQL %d does not tell: pg_stat_io came with %d", got.major, ioSince)}, nil
	}
	if !c.of.Same(got.of) {
		c.last = nil
	}
	first := got.rows[0]
	out := model.IO{Timed: first.Timed}
	if c.last != nil {
		out.Elapsed = max(first.At.Sub(c.at), 0)
	}
	now := map[ioKind]ioCounts{}
	for _, row := range got.rows {
		now[row.ioKind] = row.ioCounts
		if was, ok := c.last[row.ioKind]; ok {
			if d := row.minus(was); d.Reads+d.Writes+d.Hits > 0 {
				out.Rows = append(out.Rows, d.row(row.ioKind))
			}
		}
	}
	c.last, c.at, c.of = now, first.At, got.of
	slices.SortFunc(out.Rows, mostBytes)
	return out, nil
}

func readIO(ctx context.Context, s *pg.Session) (ioReading, error) {
	out := ioReading{major: s.Caps().Major(), of: s.Caps().Identity}
	if out.major < ioSince {
		return out, nil
	}
	var err error
	out.rows, err = list[ioRow](ctx, s, "io")
	return out, err
}

// minus is the difference to an earlier reading; after a reset, all it counts.
func (c ioCounts) minus(was ioCounts) ioCounts {
	if c.Reads < was.Reads || c.Writes < was.Writes || c.Hits < was.Hits {
		return c
	}
	return ioCounts{
		Reads: c.Reads - was.Reads, ReadBytes: c.ReadBytes - was.ReadBytes, ReadMs: c.ReadMs - was.ReadMs,
		Writes: c.Writes - was.Writes, WriteBytes: c.WriteBytes - was.WriteBytes, WriteMs: c.WriteMs - was.WriteMs,
		Hits: c.Hits - was.Hits, Evictions: c.Evictions - was.Evictions,
	}
}

func (c ioCounts) row(of ioKind) model.IORow {
	return model.IORow{
		Backend: of.Backend, Object: of.Object, Context: of.Context,
		Reads: c.Reads, ReadBytes: c.ReadBytes, ReadTime: inMillis(c.ReadMs),
		Writes: c.Writes, WriteBytes: c.WriteBytes, WriteTime: inMillis(c.WriteMs),
		Hits: c.Hits, Evictions: c.Evictions,
	}
}

func mostBytes(a, b model.IORow) int {
	return cmp.Or(
		cmp.Compare(b.ReadBytes+b.WriteBytes, a.ReadBytes+a.WriteBytes), cmp.Compare(b.Hits, a.Hits),
		cmp.Compare(a.Backend, b.Backend), cmp.Compare(a.Object, b.Object), cmp.Compare(a.Context, b.Context),
	)
}
