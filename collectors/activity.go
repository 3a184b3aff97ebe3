package collectors

import (
	"context"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// Activity reads what the sessions do and who waits for whom, without taking a
// lock on any table.
// Source: pg_stat_activity, pg_locks, pg_blocking_pids. Without pg_monitor the
// states and queries of other roles are hidden; who waits for whom is not.
type Activity struct{ Server *pg.Server }

// sessionRow is a row of the query activity.
type sessionRow struct {
	PID          int
	BackendStart *time.Time // nil when hidden
	LeaderPID    int
	Type         string
	Database     string
	Role         string
	App          string
	Client       string
	State        string
	WaitType     string
	Wait         string
	QueryID      int64
	ConnS        *float64
	TxS          *float64
	QueryS       *float64
	StateS       *float64
	XminAge      int64
	HasXID       bool
	Query        string
}

// Collect reads on the fast lane.
func (a Activity) Collect(ctx context.Context) (model.Activity, error) {
	return pg.Read(ctx, a.Server.Fast(), readActivity)
}

func readActivity(ctx context.Context, s *pg.Session) (model.Activity, error) {
	rows, err := list[sessionRow](ctx, s, "activity", s.OwnPIDs())
	if err != nil {
		return model.Activity{}, err
	}
	locks, err := readLocks(ctx, s)
	if err != nil {
		return model.Activity{}, err
	}
	out := model.Activity{Hidden: unseen(s.Caps(), "sessions")}
	for _, row := range rows {
		session := row.session()
		locks.tell(&session)
		out.Sessions = append(out.Sessions, session)
	}
	return out, nil
}

func (r sessionRow) session() model.Session {
	out := model.Session{
		PID: r.PID, LeaderPID: r.LeaderPID, Type: r.Type,
		Database: r.Database, Role: r.Role, App: r.App, Client: r.Client,
		State: r.State, WaitType: r.WaitType, Wait: r.Wait,
		QueryID: r.QueryID, Query: r.Query,
		Conn: age(r.ConnS), Tx: age(r.TxS), QueryAge: age(r.QueryS), StateAge: age(r.StateS),
		XminAge: r.XminAge, HasXID: r.HasXID,
	}
	if r.BackendStart != nil {
		out.BackendStart = *r.BackendStart
	}
	return out
}
