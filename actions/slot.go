package actions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// SlotDrop declares the end of a replication slot that nobody reads, and with
// it of the log that is kept for it. server is nil where no PostgreSQL is
// configured.
func SlotDrop(server *pg.Server) Action {
	return Action{
		ID: "pg.slot.drop", Title: "Drop replication slot", Verb: "drop it", Danger: Destructive,
		Params: []Param{
			{Name: "slot", Type: TypeString, Help: "its name"},
			{Name: "restart_lsn", Type: TypeString, Optional: true, Help: "where the log kept for it begins; without it, where that is while planning"},
		},
		Measures: []Measure{keptLog("")},
		Blocked:  noServer(server),
		Plan:     func(ctx context.Context, args Args) (Plan, error) { return planSlotDrop(ctx, server, args) },
		Run: func(ctx context.Context, p Plan, _ func(Progress)) (Result, error) {
			return runSlotDrop(ctx, server, p)
		},
	}
}

func keptLog(slot string) Measure {
	m := Measure{Name: "kept log", Metric: "db.slots.retained", Better: Lower}
	if slot != "" {
		m.Labels = model.Labels{"slot": slot}
	}
	return m
}

// slot is what a plan has to know of a replication slot.
// Source: pg_replication_slots, pg_roles.
type slot struct {
	Name      string
	Type      string // physical, logical
	Plugin    string // of a logical one
	Database  string // of a logical one
	Active    bool
	PID       int64  // who reads it; 0 for nobody
	Restart   string // where the log kept for it begins; "" where none is kept
	Retained  int64  // bytes of log from there on
	XminAge   int64  // transactions it holds back; 0 for none
	OtherName string // of the slot that keeps most beside it; "" where none keeps any
	OtherKept int64
	Here      string // the database that we are in
	Me        string
	MayDrop   bool
}

// slotSQL looks at one slot. Amazon's servers give the right by a role.
const slotSQL = `
WITH kept AS (
  SELECT *, coalesce(pg_wal_lsn_diff(
      CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, restart_lsn), 0)::bigint AS retained
  FROM pg_replication_slots
), other AS (
  SELECT slot_name, retained FROM kept WHERE slot_name <> $1 AND retained > 0 ORDER BY retained DESC, slot_name LIMIT 1
)
SELECT k.slot_name::text AS name, k.slot_type AS type, coalesce(k.plugin::text, '') AS plugin, coalesce(k.database::text, '') AS database,
  k.active, coalesce(k.active_pid, 0)::bigint AS pid, coalesce(k.restart_lsn::text, '') AS restart, k.retained,
  greatest(age(k.xmin), age(k.catalog_xmin), 0)::bigint AS xmin_age,
  coalesce((SELECT slot_name::text FROM other), '') AS other_name, coalesce((SELECT retained FROM other), 0)::bigint AS other_kept,
  current_database()::text AS here, quote_ident(current_user) AS me,
  (SELECT rolsuper OR rolreplication FROM pg_roles WHERE rolname = current_user)
    OR EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_replication' AND pg_has_role(oid, 'USAGE')) AS may_drop
FROM kept k WHERE k.slot_name = $1`

func readSlot(ctx context.Context, server *pg.Server, name string) (*slot, error) {
	conn, err := server.Spare(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	found, err := pg.Query[slot](ctx, conn, slotSQL, name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("look at slot %s: %w", name, err)
	case len(found) == 0:
		return nil, nil
	}
	return &found[0], nil
}

func planSlotDrop(ctx context.Context, server *pg.Server, args Args) (Plan, error) {
	s, err := readSlot(ctx, server, args["slot"])
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Target: args["slot"], Args: Args{"slot": args["slot"], "restart_lsn": args["restart_lsn"]}}
	if s == nil {
		p.Refuse, p.Moot = "there is no replication slot "+args["slot"], true
		return p, nil
	}
	p.Preflight = map[string]any{"type": s.Type, "database": s.Database, "pid": s.PID, "retained_bytes": s.Retained, "xmin_age": s.XminAge}
	if p.Refuse = s.fault(args["restart_lsn"]); p.Refuse != "" {
		return p, nil
	}
	p.Args["restart_lsn"] = s.Restart
	p.Measures = []Measure{keptLog(s.Name)}
	p.Steps = []string{fmt.Sprintf("SELECT pg_drop_replication_slot('%s')  if nobody reads it and its log still begins at %s", s.Name, s.begins())}
	p.Notes = s.notes()
	return p, nil
}

// fault says why the slot must not be dropped; "" when it may.
func (s *slot) fault(restart string) string {
	switch {
	case s.Active:
		return fmt.Sprintf("pid %d reads it: it is in use", s.PID)
	case restart != "" && restart != s.Restart:
		return fmt.Sprintf("it has been read or made anew since: its log began at %s, now at %s", restart, s.begins())
	case s.Database != "" && s.Database != s.Here:
		return fmt.Sprintf("it is of database %s, and this is %s: a logical slot is dropped in its own database", s.Database, s.Here)
	case !s.MayDrop:
		return fmt.Sprintf("role %s may not drop replication slots: ALTER ROLE %s REPLICATION, as superuser", s.Me, s.Me)
	}
	return ""
}

func (s *slot) begins() string {
	if s.Restart == "" {
		return "no place"
	}
	return s.Restart
}

func (s *slot) notes() []Note {
	out := []Note{{"frees", s.frees()}}
	reader := "a standby or a backup that read it has to be built anew, or given another slot while the server still has its log"
	if s.Type == "logical" {
		reader = "who read it (" + s.Plugin + ") misses every change since, and has to copy the data anew"
	}
	out = append(out, Note{"breaks", reader})
	if s.XminAge > 0 {
		out = append(out, Note{"releases", "the dead rows of " + count(s.XminAge, "transaction") + ", for the next vacuum"})
	}
	return append(out, Note{"will not", "end a session, or touch any data; nothing brings it back"})
}

// frees says how much log goes, which other slots may keep.
func (s *slot) frees() string {
	if s.OtherKept >= s.Retained {
		return fmt.Sprintf("nothing yet: slot %s keeps %s of log as well", s.OtherName, size(s.OtherKept))
	}
	text := size(s.Retained-s.OtherKept) + " of log, at the next checkpoint"
	if s.OtherKept > 0 {
		text += fmt.Sprintf("; slot %s keeps %s of it", s.OtherName, size(s.OtherKept))
	}
	return text
}

// slotDropSQL drops the slot of the plan and no other: one that is read moves
// its beginning, and one that was made anew has another.
const slotDropSQL = `
SELECT pg_drop_replication_slot(slot_name) IS NOT NULL FROM pg_replication_slots
WHERE slot_name = $1 AND NOT active AND coalesce(restart_lsn::text, '') = $2`

func runSlotDrop(ctx context.Context, server *pg.Server, p Plan) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, signalLimit)
	defer cancel()
	name := p.Args["slot"]
	before, err := readSlot(ctx, server, name)
	if err != nil || before == nil {
		return Result{}, errors.Join(err, fmt.Errorf("slot %s is not there by now: nothing was done", name))
	}
	conn, err := server.Spare(ctx)
	if err != nil {
		return Result{}, err
	}
	began := time.Now()
	var dropped bool
	err = conn.QueryRow(ctx, slotDropSQL, name, p.Args["restart_lsn"]).Scan(&dropped)
	conn.Close() // what is left is looked at next
	switch {
	case pg.NoRow(err):
		return Result{}, fmt.Errorf("slot %s is read or another one by now: nothing was done", name)
	case lost(err):
		return Result{Unsure: "no answer: " + err.Error()}, nil
	case err != nil:
		return Result{}, err
	}
	result := Result{Done: p.Steps, Summary: "dropped in " + took(time.Since(began))}
	switch after, err := readSlot(ctx, server, name); {
	case err != nil:
		result.Unsure = "whether it is gone could not be read: " + err.Error()
	case after != nil:
		result.Unsure = "a slot of this name is there again"
	default:
		from, to := float64(before.Retained), 0.0
		m := keptLog(name)
		result.Effects = []Effect{{Name: m.Name, Metric: m.Metric, Labels: m.Labels, Better: Lower, Unit: model.Bytes, Before: &from, After: &to}}
	}
	return result, nil
}
