package collectors

import (
	"context"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// Slots reads the replication slots.
type Slots struct{ Server *pg.Server }

// Collect reads on the fast lane.
func (c Slots) Collect(ctx context.Context) (model.Slots, error) {
	rows, err := pg.Read(ctx, c.Server.Fast(), func(ctx context.Context, s *pg.Session) ([]model.Slot, error) {
		return list[model.Slot](ctx, s, "replication_slots")
	})
	return model.Slots{Rows: rows}, err
}

// Archiver reads how archiving of the log goes.
type Archiver struct{ Server *pg.Server }

type archiverRow struct {
	Mode       string
	Archived   int64
	Last       string
	LastAt     *time.Time
	Failed     int64
	LastFailed string
	FailedAt   *time.Time
	MayList    bool
}

type readyRow struct{ Ready int64 }

// Collect reads on the slow lane.
func (c Archiver) Collect(ctx context.Context) (model.Archiver, error) {
	return pg.Read(ctx, c.Server.Slow(), readArchiver)
}

func readArchiver(ctx context.Context, s *pg.Session) (model.Archiver, error) {
	row, err := single[archiverRow](ctx, s, "archiver")
	if err != nil {
		return model.Archiver{}, err
	}
	out := model.Archiver{
		Mode: row.Mode, Archived: row.Archived, Last: row.Last, LastAt: row.LastAt,
		Failed: row.Failed, LastFailed: row.LastFailed, FailedAt: row.FailedAt,
	}
	if !row.MayList {
		out.Hidden = unlisted(s.Caps(), "what waits to be archived")
		return out, nil
	}
	ready, err := single[readyRow](ctx, s, "archive_ready")
	out.Ready = &ready.Ready
	return out, err
}
