package collectors

import (
	"context"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// Progress reads how far long operations are.
type Progress struct{ Server *pg.Server }

type progressRow struct {
	Kind         string
	PID          int
	BackendStart *time.Time
	Database     string
	Relation     string
	Phase        string
	Done         int64
	Total        int64
	Unit         string
	Note         string
	App          string
	RunS         *float64
}

// Collect reads on the fast lane.
func (c Progress) Collect(ctx context.Context) (model.Progress, error) {
	return pg.Read(ctx, c.Server.Fast(), func(ctx context.Context, s *pg.Session) (model.Progress, error) {
		var out model.Progress
		rows, err := list[progressRow](ctx, s, "progress")
		for _, row := range rows {
			out.Rows = append(out.Rows, row.operation())
			if row.BackendStart == nil {
				out.Hidden = blind(s.Caps(), "how far other roles are")
			}
		}
		return out, err
	})
}

func (r progressRow) operation() model.Operation {
	out := model.Operation{
		Kind: r.Kind, PID: r.PID, Database: r.Database, Relation: r.Relation, Phase: r.Phase,
		Done: r.Done, Total: r.Total, Unit: r.Unit, Note: r.Note, App: r.App, Running: age(r.RunS),
	}
	switch r.Kind { // the query names no command that it must not be mistaken for
	case "vacuuming":
		out.Kind = "VACUUM"
	case "analyzing":
		out.Kind = "ANALYZE"
	}
	if r.BackendStart != nil {
		out.BackendStart = *r.BackendStart
	}
	return out
}

// Horizon reads who keeps vacuum from removing rows.
type Horizon struct{ Server *pg.Server }

type horizonRow struct {
	Kind         string
	Name         string
	PID          int
	BackendStart *time.Time
	Database     string
	Owner        string
	XminAge      int64
	Secs         *float64
	State        string
}

// Collect reads on the slow lane.
func (c Horizon) Collect(ctx context.Context) (model.Horizon, error) {
	return pg.Read(ctx, c.Server.Slow(), func(ctx context.Context, s *pg.Session) (model.Horizon, error) {
		var out model.Horizon
		rows, err := list[horizonRow](ctx, s, "horizon", s.OwnPIDs())
		for _, r := range rows {
			out.Rows = append(out.Rows, r.holder())
			if r.PID != 0 && r.BackendStart == nil {
				out.Hidden = blind(s.Caps(), "since when other roles hold it, and what they do")
			}
		}
		return out, err
	})
}

func (r horizonRow) holder() model.Holder {
	out := model.Holder{
		Kind: r.Kind, Name: r.Name, PID: r.PID, Database: r.Database, Owner: r.Owner,
		XminAge: r.XminAge, For: age(r.Secs), State: r.State,
	}
	if r.BackendStart != nil {
		out.BackendStart = *r.BackendStart
	}
	return out
}
