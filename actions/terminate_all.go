package actions

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/internal/pg"
)

// crowdLimit bounds the end of many sessions with all that is read around it.
const crowdLimit = time.Minute

// TerminateAll declares the end of many sessions: of a list, or of those that
// fit the filters while planning. server is nil where no PostgreSQL is configured.
func TerminateAll(server *pg.Server) Action {
	return Action{
		ID: "pg.terminate.all", Title: "End sessions", Verb: "end them", With: "pg.terminate", Danger: Destructive,
		Params:   crowdParams(),
		Measures: []Measure{connectionsTaken(), oldestTransaction()},
		Blocked:  noServer(server),
		Plan: func(ctx context.Context, args Args) (Plan, error) {
			return planCrowd(ctx, server, args)
		},
		Run: func(ctx context.Context, p Plan, step func(Progress)) (Result, error) {
			return runCrowd(ctx, server, p, step)
		},
	}
}

func crowdParams() []Param {
	return []Param{
		{Name: "app", Type: TypeString, Optional: true, Help: fmt.Sprintf("application_name of those to end, %d at most in one call", crowdMax)},
		{Name: "role", Type: TypeString, Optional: true, Help: "their role"},
		{Name: "state", Type: TypeState, Optional: true, Help: "only those in this state: active, idle or \"idle in transaction\""},
		{Name: "idle_over", Type: TypeSpan, Optional: true, Help: "only those that have done nothing for that long: 5m"},
		{Name: "sessions", Type: TypeSessions, Optional: true, Help: "instead of all these a list, pid@backend_start of each with commas between"},
	}
}

func connectionsTaken() Measure {
	return Measure{Name: "connections", Metric: "db.connections.used", Better: Lower, Within: 15 * time.Second}
}

func oldestTransaction() Measure {
	return Measure{Name: "oldest transaction", Metric: "db.tx.longest", Better: Lower, Within: 15 * time.Second}
}

// planCrowd resolves the arguments to a list: what begins later is not touched.
func planCrowd(ctx context.Context, server *pg.Server, args Args) (Plan, error) {
	if err := selects(args); err != nil {
		return Plan{}, err
	}
	conn, err := server.Spare(ctx)
	if err != nil {
		return Plan{}, err
	}
	defer conn.Close()
	c, err := findCrowd(ctx, conn, args)
	if err != nil {
		return Plan{}, err
	}
	n := int64(len(c.ends))
	p := Plan{Target: fmt.Sprintf("all %d", n), Args: c.args(args), Measures: c.measures(), Preflight: c.facts()}
	if n == 0 {
		p.Refuse = "there is none to end"
		if left := c.leftOut(); left != "" {
			p.Refuse += "; left out: " + left
		}
		return p, nil
	}
	p.Steps = []string{"SELECT pg_terminate_backend(pid)  for each of " + count(n, "session") + " that is still the one found at " + clock(c.asOf)}
	p.Notes = c.notes(args)
	return p, nil
}

// selects refuses arguments that select nothing or two things at once.
func selects(args Args) error {
	filters := args["app"] + args["role"] + args["state"] + args["idle_over"]
	switch {
	case args["sessions"] == "" && filters == "":
		return fmt.Errorf("%w: say which: app=, role=, state= or idle_over=", ErrUsage)
	case args["sessions"] != "" && filters != "":
		return fmt.Errorf("%w: give either sessions or filters", ErrUsage)
	}
	return nil
}

// args are the arguments with the list that they come to. Who was chosen by
// what he does must still do it.
func (c *crowd) args(given Args) Args {
	full := Args{"sessions": c.list()}
	for _, name := range []string{"app", "role", "state", "idle_over"} {
		if given[name] != "" {
			full[name] = given[name]
		}
	}
	if given["state"] != "" || given["idle_over"] != "" {
		full["unchanged_since"] = instant(c.asOf)
	}
	return full
}

// measures puts the number first that this end is meant to lower.
func (c *crowd) measures() []Measure {
	waiting := sessionMeasures(oldestTransaction())
	switch {
	case c.behind > 0:
		return append(waiting[:1], connectionsTaken(), waiting[1])
	case 10*int64(len(c.ends)) >= c.clients:
		return []Measure{connectionsTaken(), oldestTransaction()}
	}
	return []Measure{oldestTransaction()} // too few to show among all connections
}

func (c *crowd) facts() map[string]any {
	return map[string]any{
		"sessions": len(c.ends), "left_out": c.leftOut(), "waiting_behind": c.behind, "connections": c.clients, "usable_connections": c.usable,
	}
}

func (c *crowd) notes(args Args) []Note {
	frees := fmt.Sprintf("%d of %d usable connections, %d are taken", len(c.ends), c.usable, c.clients)
	if c.behind > 0 {
		frees += "; " + count(c.behind, "session") + " that wait for them"
	}
	list := []Note{{"frees", frees}}
	for _, group := range c.groups() {
		list = append(list, Note{"ends", group})
	}
	list = append(list, Note{"undoes", c.undoes()})
	list = append(list, notes("leaves out", c.leftOut())...)
	spares := "sessions that began after " + clock(c.asOf)
	if args["state"] != "" || args["idle_over"] != "" {
		spares += ", and those that do something before it is their turn"
	}
	return append(list, Note{"leaves alone", spares}, Note{"will not", "stop the application from connecting again"})
}

// tally counts how it went with each.
type tally struct {
	ended  []member // were signalled
	gone   int      // or another session has the pid
	busy   int      // did something since
	failed int
	err    error // the first failure
	lost   error // the server did not answer: the last signal may have been sent
}

// runCrowd signals one after the other: one that may not be signalled would
// fail a statement for all.
func runCrowd(ctx context.Context, server *pg.Server, p Plan, step func(Progress)) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, crowdLimit)
	defer cancel()
	list, err := parseSessions(p.Args["sessions"])
	if err != nil {
		return Result{}, err
	}
	conn, err := server.Spare(ctx)
	if err != nil {
		return Result{}, err
	}
	defer conn.Close()
	unchanged, began := unchangedSince(p.Args), time.Now()
	var t tally
	for i, m := range list {
		if ctx.Err() != nil || t.lost != nil {
			break
		}
		step(Progress{Text: fmt.Sprintf("%d of %d", i, len(list)), Part: float64(i) / float64(len(list))})
		t.end(ctx, conn, m, unchanged)
	}
	result := Result{Done: t.steps()}
	switch {
	case t.lost != nil:
		result.Unsure = "no answer to a signal: " + t.lost.Error()
	case len(t.ended) > 0:
		result.Unsure = t.await(context.WithoutCancel(ctx), conn)
	}
	result.Summary = fmt.Sprintf("ended %d of %s in %s", len(t.ended), count(int64(len(list)), "session"), took(time.Since(began))) + t.others()
	return result, t.fault(ctx, len(list))
}

// crowdFireSQL signals $1 where it is the session of $2 and, unless $3 is NULL,
// has done nothing since, and says how it went. No row: there is no such pid.
const crowdFireSQL = `SELECT CASE
  WHEN backend_start IS DISTINCT FROM $2::timestamptz OR pid = pg_backend_pid() THEN 'gone'
  WHEN state_change > $3::timestamptz THEN 'busy'
  WHEN pg_terminate_backend(pid) THEN 'ended' ELSE 'gone' END
FROM pg_stat_activity WHERE pid = $1::int`

// unchangedSince is the instant of the plan where that counts; else nil.
func unchangedSince(args Args) *time.Time {
	at, err := time.Parse(time.RFC3339Nano, args["unchanged_since"])
	if err != nil {
		return nil
	}
	return &at
}

// end signals one session, if it is still what it was. A call that is stopped
// stops between two sessions, so that of each is known how it went.
func (t *tally) end(ctx context.Context, conn *pg.Conn, m member, unchanged *time.Time) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), signalLimit)
	defer cancel()
	var how string
	err := conn.QueryRow(ctx, crowdFireSQL, m.pid, m.started, unchanged).Scan(&how)
	switch {
	case pg.NoRow(err), err == nil && how == "gone":
		t.gone++
	case err == nil && how == "busy":
		t.busy++
	case err == nil:
		t.ended = append(t.ended, m)
	case lost(err):
		t.lost = err
	default:
		t.failed++
		t.err = cmp.Or(t.err, err)
	}
}

const crowdLeftSQL = `SELECT count(*) FROM unnest($1::int[], $2::timestamptz[]) AS t(pid, started)
JOIN pg_stat_activity a ON a.pid = t.pid AND a.backend_start = t.started`

// await returns "" when all that were signalled are gone, or says what is not known.
func (t *tally) await(ctx context.Context, conn *pg.Conn) string {
	ctx, cancel := context.WithTimeout(ctx, goneLimit)
	defer cancel()
	var pids []int32
	var starts []time.Time
	for _, m := range t.ended {
		pids, starts = append(pids, m.pid), append(starts, m.started)
	}
	tick := time.NewTicker(gonePoll)
	defer tick.Stop()
	left := int64(len(t.ended))
	for {
		err := conn.QueryRow(ctx, crowdLeftSQL, pids, starts).Scan(&left)
		switch {
		case err == nil && left == 0:
			return ""
		case err != nil && ctx.Err() == nil:
			return "signalled, but whether it worked could not be read: " + err.Error()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Sprintf("%s signalled, but not gone after %s", count(left, "session"), took(goneLimit))
		}
	}
}

// steps are what was carried out, for the record.
func (t *tally) steps() []string {
	var out []string
	for _, m := range t.ended {
		out = append(out, fmt.Sprintf("pg_terminate_backend(%d)", m.pid))
	}
	return out
}

// others says in words who was not ended; "" when all were.
func (t *tally) others() string {
	text := ""
	if t.gone > 0 {
		text += fmt.Sprintf("; %d had ended, or the pid was another session's", t.gone)
	}
	if t.busy > 0 {
		text += fmt.Sprintf("; %d did something since and stay", t.busy)
	}
	if t.failed > 0 {
		text += fmt.Sprintf("; %d could not be signalled", t.failed)
	}
	return text
}

// fault is nil when all of the list that could be ended was.
func (t *tally) fault(ctx context.Context, listed int) error {
	switch {
	case t.lost != nil:
		return t.lost
	case ctx.Err() != nil:
		return fmt.Errorf("stopped after %d of %d", len(t.ended)+t.gone+t.busy+t.failed, listed)
	case t.err != nil:
		return t.err
	case len(t.ended) == 0:
		return errors.New("nothing was done")
	}
	return nil
}
