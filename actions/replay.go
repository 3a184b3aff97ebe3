package actions

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// Standbys are the servers whose replay can be paused and resumed.
type Standbys struct {
	Server *pg.Server            // of the target, which may be a standby itself; nil where none is configured
	Named  map[string]*pg.Server // the standbys with an address, by their application_name
}

// ReplayResume declares the end of a pause that somebody gave the replay of a standby.
func ReplayResume(s Standbys) Action {
	return Action{
		ID: "pg.replay.resume", Title: "Resume replay", Verb: "resume it", Danger: Reversible, Undo: "pg.replay.pause",
		Params:   standbyParam(),
		Measures: replayMeasures(model.ThisServer),
		Blocked:  noServer(s.Server),
		Plan: func(ctx context.Context, args Args) (Plan, error) {
			return s.plan(ctx, args, planResume)
		},
		Run: func(ctx context.Context, p Plan, _ func(Progress)) (Result, error) {
			return s.run(ctx, p, "resumed", "SELECT pg_wal_replay_resume()")
		},
	}
}

// ReplayPause declares a pause of the replay of a standby, which takes its end back.
func ReplayPause(s Standbys) Action {
	return Action{
		ID: "pg.replay.pause", Title: "Pause replay", Verb: "pause it", Danger: Disruptive, Undo: "pg.replay.resume",
		Params:  standbyParam(),
		Blocked: noServer(s.Server),
		Plan: func(ctx context.Context, args Args) (Plan, error) {
			return s.plan(ctx, args, planPause)
		},
		Run: func(ctx context.Context, p Plan, _ func(Progress)) (Result, error) {
			return s.run(ctx, p, "paused", "SELECT pg_wal_replay_pause()")
		},
	}
}

func standbyParam() []Param {
	return []Param{{Name: "standby", Type: TypeString, Optional: true, Help: "its name in the configuration; without it, the server itself"}}
}

// replayMeasures are the numbers that a resumed replay should lower.
func replayMeasures(name string) []Measure {
	labels := model.Labels{"replica": name}
	return []Measure{
		{Name: "behind", Metric: "db.replica.lag_bytes", Labels: labels, Better: Lower, Within: time.Minute},
		{Name: "by", Metric: "db.replica.lag_seconds", Labels: labels, Better: Lower, Within: time.Minute},
	}
}

// find gives the server that the arguments name, and its name as its lag has it.
func (s Standbys) find(args Args) (server *pg.Server, name string, err error) {
	name = args["standby"]
	if name == "" {
		return s.Server, model.ThisServer, nil
	}
	if server, ok := s.Named[name]; ok {
		return server, name, nil
	}
	known := "none has one"
	if len(s.Named) > 0 {
		known = "these have: " + strings.Join(slices.Sorted(maps.Keys(s.Named)), ", ")
	}
	return nil, name, fmt.Errorf("%w: there is no standby %s with an address (postgres.standbys): %s", ErrUsage, name, known)
}

// replayed is what a plan has to know of a standby.
// Source: pg_stat_activity and the functions of recovery, on the standby.
type replayed struct {
	Standby    bool
	Paused     bool
	MayResume  bool
	MayPause   bool
	Me         string
	Db         string
	Unreplayed int64
	LastS      *float64 // seconds since the last transaction that was replayed; nil where there was none
	Readers    int64    // clients with a snapshot
	OldestS    *float64 // age of the oldest of their transactions
	Patience   string   // max_standby_streaming_delay
	Backup     string   // who takes one: "pid 811 (pg_dump)"; "" where nobody is seen to
}

const replayedSQL = `SELECT pg_is_in_recovery() AS standby,
  CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE false END AS paused,
  has_function_privilege('pg_wal_replay_resume()', 'EXECUTE') AS may_resume,
  has_function_privilege('pg_wal_replay_pause()', 'EXECUTE') AS may_pause,
  quote_ident(current_user) AS me, quote_ident(current_database()) AS db,
  coalesce(pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), 0)::bigint AS unreplayed,
  extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 AS last_s,
  (SELECT count(*) FROM pg_stat_activity WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid() AND datid IS NOT NULL) AS readers,
  (SELECT max(extract(epoch FROM clock_timestamp() - xact_start)) FROM pg_stat_activity
    WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid() AND datid IS NOT NULL)::float8 AS oldest_s,
  current_setting('max_standby_streaming_delay') AS patience,
  coalesce((SELECT string_agg('pid ' || pid || ' (' || application_name || ')', ', ' ORDER BY pid) FROM pg_stat_activity
    WHERE application_name IN ('pg_dump', 'pg_dumpall', 'pg_basebackup', 'pgbackrest', 'barman', 'wal-g')), '') AS backup`

// replayPlan is a plan in the making.
type replayPlan struct {
	Plan

	standbys Standbys
	server   *pg.Server
	name     string
	now      replayed
}

func (s Standbys) plan(ctx context.Context, args Args, fill func(context.Context, *replayPlan) error) (Plan, error) {
	server, name, err := s.find(args)
	if err != nil {
		return Plan{}, err
	}
	conn, err := server.Spare(ctx)
	if err != nil {
		return Plan{}, err
	}
	found, err := pg.Query[replayed](ctx, conn, replayedSQL)
	conn.Close() // the primary, which may be the same server, is looked at next
	if err != nil || len(found) != 1 {
		return Plan{}, errors.Join(fmt.Errorf("look at standby %s", name), err)
	}
	p := &replayPlan{Plan: Plan{Target: name, Args: Args{}}, standbys: s, server: server, name: name, now: found[0]}
	if args["standby"] != "" {
		p.Args["standby"] = name
	}
	p.Preflight = map[string]any{"paused": p.now.Paused, "unreplayed_bytes": p.now.Unreplayed, "readers": p.now.Readers, "backup": p.now.Backup}
	if !p.now.Standby {
		p.Refuse = "it is no standby: it replays nothing"
		return p.Plan, nil
	}
	err = fill(ctx, p)
	return p.Plan, err
}

func planResume(ctx context.Context, p *replayPlan) error {
	lacking, err := p.lacking(ctx)
	switch {
	case err != nil:
		return err
	case !p.now.Paused:
		p.Refuse = "its replay is not paused"
	case !p.now.MayResume:
		p.Refuse = p.now.grant("pg_wal_replay_resume")
	case lacking != "":
		p.Refuse = "it was paused by the server: " + lacking + " is lower than on its primary, and a standby that goes on so shuts down; raise it and restart the standby"
	}
	p.Steps = []string{"SELECT pg_wal_replay_resume()  on " + p.name}
	p.Measures, p.Undo = replayMeasures(p.name), p.Args
	p.Notes = []Note{{"replays", size(p.now.Unreplayed) + " that it has received" + p.now.since()}}
	if p.now.Backup != "" {
		p.Danger = Disruptive
		p.Notes = append(p.Notes, Note{"may break", "a backup from it: " + p.now.Backup + "; the pause may be meant for it"})
	}
	if p.now.Readers > 0 {
		p.Notes = append(p.Notes, Note{"may cancel", p.now.readers()})
	}
	p.Notes = append(p.Notes, Note{"will not", "touch the primary, or say who paused it: nothing records that"})
	return nil
}

func planPause(ctx context.Context, p *replayPlan) error {
	sync, err := p.sync(ctx)
	switch {
	case err != nil:
		return err
	case p.now.Paused:
		p.Refuse = "its replay is paused already"
	case !p.now.MayPause:
		p.Refuse = p.now.grant("pg_wal_replay_pause")
	}
	p.Steps = []string{"SELECT pg_wal_replay_pause()  on " + p.name}
	p.Undo = p.Args
	p.Notes = []Note{
		{"stops", "what is read from it stands still, and it falls behind from now on"},
		{"keeps", "receiving the log, which fills its disk until somebody resumes it"},
	}
	if sync != "" {
		p.Danger = Destructive
		p.Notes = append([]Note{{"breaks", "commits on the primary that wait for it to apply them (it is " + sync + ", synchronous_commit = remote_apply)"}}, p.Notes...)
	}
	return nil
}

// since says how old the standby is.
func (r replayed) since() string {
	if r.LastS == nil {
		return ""
	}
	return "; it shows the data of " + took(seconds(*r.LastS)) + " ago"
}

// readers says what a replay that goes on may do to those who read.
func (r replayed) readers() string {
	text := count(r.Readers, "reader") + " on it"
	if r.OldestS != nil {
		text += ", the oldest for " + took(seconds(*r.OldestS))
	}
	return text + ": what they look at may be removed; each is given " + r.Patience + " (max_standby_streaming_delay)"
}

func (r replayed) grant(function string) string {
	return fmt.Sprintf("role %s may not call %s: GRANT EXECUTE ON FUNCTION %s() TO %s, as superuser on the primary, in database %s",
		r.Me, function, function, r.Me, r.Db)
}

// limit is a setting that a standby must not have lower than its primary.
type limit struct {
	Name  string
	Value int64
}

const limitsSQL = `SELECT name::text AS name, setting::bigint AS value FROM pg_settings
WHERE name IN ('max_connections', 'max_worker_processes', 'max_wal_senders', 'max_prepared_transactions', 'max_locks_per_transaction')
ORDER BY name`

// lacking names a setting of the standby for which the server itself pauses
// its replay (14 and later); "" where there is none or nobody can tell.
func (p *replayPlan) lacking(ctx context.Context) (string, error) {
	if p.standbys.Server == nil || p.standbys.Server == p.server {
		return "", nil
	}
	has, err := readLimits(ctx, p.server)
	if err != nil {
		return "", err
	}
	needs, err := readLimits(ctx, p.standbys.Server)
	if err != nil {
		return "", nil // a primary that is gone asks for no more
	}
	for i, need := range needs {
		if has[i].Value < need.Value {
			return fmt.Sprintf("%s = %d", need.Name, has[i].Value), nil
		}
	}
	return "", nil
}

func readLimits(ctx context.Context, server *pg.Server) ([]limit, error) {
	conn, err := server.Spare(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	found, err := pg.Query[limit](ctx, conn, limitsSQL)
	if err == nil && len(found) != 5 {
		err = fmt.Errorf("%d of 5 settings are there", len(found))
	}
	return found, err
}

// sync says how commits on the primary wait for this standby to apply them; ""
// where none does.
func (p *replayPlan) sync(ctx context.Context) (string, error) {
	if p.standbys.Server == nil || p.standbys.Server == p.server {
		return "", nil
	}
	conn, err := p.standbys.Server.Spare(ctx)
	if err != nil {
		return "", nil // nothing commits there
	}
	defer conn.Close()
	const sql = `SELECT coalesce(max(sync_state), '') FROM pg_stat_replication
WHERE application_name = $1 AND sync_state IN ('sync', 'quorum') AND current_setting('synchronous_commit') = 'remote_apply'`
	var state string
	err = conn.QueryRow(ctx, sql, p.name).Scan(&state)
	return state, err
}

// run calls the function on the standby of the plan and looks whether it holds.
func (s Standbys) run(ctx context.Context, p Plan, word, sql string) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, signalLimit)
	defer cancel()
	server, _, err := s.find(p.Args)
	if err != nil {
		return Result{}, err
	}
	conn, err := server.Spare(ctx)
	if err != nil {
		return Result{}, err
	}
	defer conn.Close()
	began := time.Now()
	if _, _, err := conn.Exec(ctx, sql); lost(err) {
		return Result{Unsure: "no answer: " + err.Error()}, nil
	} else if err != nil && !inTheWay(err) {
		return Result{}, err
	}
	result := Result{Done: p.Steps, Summary: word + " in " + took(time.Since(began))}
	if paused, err := isPaused(ctx, conn); err != nil {
		result.Unsure = "whether it holds could not be read: " + err.Error()
	} else if paused != (word == "paused") {
		result.Unsure = "the server says that it is not " + word
	}
	return result, nil
}

// isPaused looks at the replay. What is replayed may cancel the look as well.
func isPaused(ctx context.Context, conn *pg.Conn) (paused bool, err error) {
	for range 3 {
		if err = conn.QueryRow(ctx, "SELECT pg_is_wal_replay_paused()").Scan(&paused); !inTheWay(err) {
			break
		}
	}
	return paused, err
}

// inTheWay tells that a standby cancelled a statement because it was in the way
// of its replay. That may befall the very one that resumed it: what it might
// have looked at has been due for removal for as long as the pause.
func inTheWay(err error) bool { return pg.SQLState(err) == "40001" }
