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

// Replication reads who follows the server, and whom it follows. It remembers
// where the log was, so that the lag in seconds is known also of a standby
// that stopped replying, and who the server was, so that a promotion is
// noticed: one goroutine at a time may collect.
type Replication struct {
	Server   *pg.Server
	Expected []string // application_name of the standbys that have to be there

	past    []position // of the log on this server, the oldest first
	last    *replicationHead
	changes []model.ServerChange
}

// position is where the log was at one instant.
type position struct {
	at  time.Time
	log int64
}

type replicationHead struct {
	At       time.Time // the server's clock
	Standby  bool
	Started  time.Time
	Timeline int
	Position int64 // of the log: written, on a standby replayed

	address string // where it is
	system  int64  // the cluster; 0 where the role may not read it
}

type replicaRow struct {
	PID      int
	Name     string
	Client   string
	State    string
	Sync     string
	Replayed *int64
	ReplayS  *float64
	ReplyS   *float64
	XminAge  int64
}

type receiverRow struct {
	Status     string
	From       string
	Expected   *bool
	Unreplayed *int64
	LagS       *float64
	Paused     bool
}

const (
	positionsKept = 300 // at one each 2 s: ten minutes
	changesKept   = 50
)

type replicationReading struct {
	head     replicationHead
	replicas []replicaRow
	receiver []receiverRow
	hidden   string
}

// Collect reads on the fast lane.
func (r *Replication) Collect(ctx context.Context) (model.Replication, error) {
	got, err := pg.Read(ctx, r.Server.Fast(), readReplication)
	if err != nil {
		return model.Replication{}, err
	}
	r.remember(got.head)
	out := model.Replication{
		Standby: got.head.Standby, Started: got.head.Started, Timeline: got.head.Timeline,
		Expected: r.Expected, Changes: slices.Clone(r.changes), Hidden: got.hidden,
	}
	for _, row := range got.replicas {
		out.Replicas = append(out.Replicas, r.replica(row, got.head))
	}
	for _, row := range got.receiver {
		receiver := row.receiver()
		out.Receiver = &receiver
	}
	return out, nil
}

func (r receiverRow) receiver() model.Receiver {
	return model.Receiver{
		Status: r.Status, From: r.From, Expected: r.Expected, Unreplayed: r.Unreplayed, Lag: age(r.LagS), Paused: r.Paused,
	}
}

func readReplication(ctx context.Context, s *pg.Session) (replicationReading, error) {
	var out replicationReading
	var err error
	if out.head, err = single[replicationHead](ctx, s, "replication"); err != nil {
		return out, err
	}
	out.head.address, out.head.system = s.Address(), s.Caps().System
	out.replicas, err = list[replicaRow](ctx, s, "replicas")
	if len(out.replicas) > 0 || out.head.Standby {
		out.hidden = blind(s.Caps(), "how far the standbys are")
	}
	if err != nil || !out.head.Standby {
		return out, err
	}
	out.receiver, err = list[receiverRow](ctx, s, "receiver")
	return out, err
}

// remember keeps the position of the log and notes what happened to the server.
func (r *Replication) remember(head replicationHead) {
	if was := r.last; was != nil {
		r.note(head.At, serverNews(*was, head))
		if was.Standby != head.Standby || was.Timeline != head.Timeline || was.system != head.system {
			r.past = nil // another log
		}
	}
	r.last = &head
	r.past = append(r.past, position{head.At, head.Position})
	r.past = r.past[max(0, len(r.past)-positionsKept):]
}

func (r *Replication) note(at time.Time, texts []string) {
	for _, text := range texts {
		r.changes = append(r.changes, model.ServerChange{At: at, Text: text})
	}
	r.changes = r.changes[max(0, len(r.changes)-changesKept):]
}

// serverNews says what happened to a server between two readings.
func serverNews(was, is replicationHead) []string {
	switch {
	case was.system != is.system:
		return []string{fmt.Sprintf("another PostgreSQL cluster answers at %s: %s; all counts begin anew", is.address, is.role())}
	case was.address != is.address:
		return []string{fmt.Sprintf("PostgreSQL is read at %s, before at %s: %s", is.address, was.address, is.role())}
	}
	var out []string
	switch {
	case was.Standby && !is.Standby:
		out = append(out, fmt.Sprintf("PostgreSQL was promoted: it takes writes, timeline %d", is.Timeline))
	case !was.Standby && is.Standby:
		out = append(out, fmt.Sprintf("PostgreSQL is a standby: it takes no writes any more, timeline %d", is.Timeline))
	case was.Timeline != is.Timeline:
		out = append(out, fmt.Sprintf("PostgreSQL went to timeline %d: another server was promoted", is.Timeline))
	}
	if !was.Started.Equal(is.Started) {
		out = append(out, "PostgreSQL was started")
	}
	return out
}

// role says what a server is now.
func (h replicationHead) role() string {
	if h.Standby {
		return fmt.Sprintf("a standby, timeline %d", h.Timeline)
	}
	return fmt.Sprintf("a primary, timeline %d", h.Timeline)
}

func (r *Replication) replica(row replicaRow, head replicationHead) model.Replica {
	out := model.Replica{
		PID: row.PID, Name: row.Name, Client: row.Client, State: row.State, Sync: row.Sync,
		XminAge: row.XminAge, LastReply: age(row.ReplyS),
	}
	if row.Replayed == nil {
		return out
	}
	behind := max(head.Position-*row.Replayed, 0)
	out.LagBytes, out.Lag = &behind, r.lag(*row.Replayed, head, age(row.ReplayS))
	return out
}

// lag is how long ago the log was where the standby is now. The standby's own
// word stands still when it stops replying, so the longer of both counts; of
// an idle primary neither does.
func (r *Replication) lag(replayed int64, head replicationHead, told *time.Duration) *time.Duration {
	lag := time.Duration(0)
	if replayed >= head.Position {
		return &lag
	}
	if i, _ := slices.BinarySearchFunc(r.past, replayed+1, func(p position, log int64) int { return cmp.Compare(p.log, log) }); i < len(r.past) {
		lag = head.At.Sub(r.past[i].at)
	}
	if told != nil {
		lag = max(lag, *told)
	}
	return &lag
}
