package collectors

import (
	"context"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// Standby asks a standby itself how it stands; its primary knows how far it is
// behind, and not why.
type Standby struct {
	Server *pg.Server // the standby
	Name   string     // by which its primary knows it
}

type standbyRow struct {
	Standby bool
	Waits   string
	PID     int
	App     string
	Role    string
	State   string
	Secs    *float64
}

// Collect reads on the fast lane of the standby.
func (c Standby) Collect(ctx context.Context) (model.Standby, error) {
	return pg.Read(ctx, c.Server.Fast(), c.read)
}

func (c Standby) read(ctx context.Context, s *pg.Session) (model.Standby, error) {
	out := model.Standby{Name: c.Name, Hidden: unseen(s.Caps(), "sessions")}
	head, err := single[standbyRow](ctx, s, "standby")
	if err != nil || !head.Standby {
		return out, err
	}
	out.Follows = true
	if head.Waits != "" {
		out.Conflict = &model.Conflict{Waits: head.Waits, PID: head.PID, App: head.App, Role: head.Role, State: head.State, For: age(head.Secs)}
	}
	receiver, err := single[receiverRow](ctx, s, "receiver")
	out.Receiver = receiver.receiver()
	return out, err
}
