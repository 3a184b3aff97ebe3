package collectors

import (
	"context"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// Checkpoints reads how the server writes its buffers.
type Checkpoints struct{ Server *pg.Server }

type checkpointsRow struct {
	Timed     int64
	Requested int64
	WriteMs   float64
	SyncMs    float64
	Buffers   int64
	Clean     int64
	Halted    int64
	Backends  *int64
	Since     *time.Time
	LastS     *float64
}

// Collect reads on the fast lane.
func (c Checkpoints) Collect(ctx context.Context) (model.Checkpoints, error) {
	row, err := pg.Read(ctx, c.Server.Fast(), func(ctx context.Context, s *pg.Session) (checkpointsRow, error) {
		return single[checkpointsRow](ctx, s, "checkpoints")
	})
	if err != nil {
		return model.Checkpoints{}, err
	}
	out := model.Checkpoints{
		Timed: row.Timed, Requested: row.Requested, Write: inMillis(row.WriteMs), Sync: inMillis(row.SyncMs),
		Buffers: row.Buffers, Clean: row.Clean, Halted: row.Halted, Backends: row.Backends, Since: row.Since,
	}
	if last := age(row.LastS); last != nil {
		out.Last = *last
	}
	return out, nil
}

func inMillis(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// WAL reads how much log is made. It remembers the last reading: one goroutine
// at a time may collect.
type WAL struct {
	Server *pg.Server
	last   *walRow
	of     pg.Identity // the server of the last reading
}

type walRow struct {
	At        time.Time // the server's clock
	Position  int64
	Records   *int64
	FullPages *int64
	Stalls    *int64
	MayList   bool
}

type walDirRow struct{ Bytes int64 }

type walReading struct {
	row    walRow
	dir    *int64
	hidden string
	of     pg.Identity
}

// Collect reads on the fast lane. The first reading gives no rates.
func (c *WAL) Collect(ctx context.Context) (model.WAL, error) {
	got, err := pg.Read(ctx, c.Server.Fast(), readWAL)
	if err != nil {
		return model.WAL{}, err
	}
	out := model.WAL{Dir: got.dir, Hidden: got.hidden}
	if c.last != nil && c.of.Same(got.of) {
		out.Elapsed = max(got.row.At.Sub(c.last.At), 0)
		out.Bytes = grown(&c.last.Position, &got.row.Position)
		out.Records = grown(c.last.Records, got.row.Records)
		out.FullPages = grown(c.last.FullPages, got.row.FullPages)
		out.Stalls = grown(c.last.Stalls, got.row.Stalls)
	}
	c.last, c.of = &got.row, got.of
	return out, nil
}

// grown is by how much a counter grew; nil where it is not there or went back.
func grown(prev, cur *int64) *int64 {
	if prev == nil || cur == nil || *cur < *prev {
		return nil
	}
	diff := *cur - *prev
	return &diff
}

func readWAL(ctx context.Context, s *pg.Session) (walReading, error) {
	row, err := single[walRow](ctx, s, "wal")
	out := walReading{row: row, of: s.Caps().Identity}
	switch {
	case err != nil:
		return out, err
	case !row.MayList:
		out.hidden = unlisted(s.Caps(), "the folder of the log")
		return out, nil
	}
	dir, err := single[walDirRow](ctx, s, "wal_dir")
	out.dir = &dir.Bytes
	return out, err
}
