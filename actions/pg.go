package actions

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

const (
	// signalLimit bounds a signal with all that is read around it.
	signalLimit = 10 * time.Second
	// goneLimit is how long a signalled session may take before it is called unsure.
	goneLimit = 2 * time.Second
	gonePoll  = 20 * time.Millisecond
)

// Cancel declares the end of the statement that a session runs. The session
// and its transaction stay. server is nil where no PostgreSQL is configured.
func Cancel(server *pg.Server) Action {
	return Action{
		ID: "pg.cancel", Title: "Cancel query", Verb: "cancel it", Key: 'C', Danger: Reversible,
		Params:   sessionParams(),
		Measures: sessionMeasures(Measure{Name: "longest query", Metric: "db.query.longest", Better: Lower, Within: 15 * time.Second}),
		Blocked:  noServer(server),
		Plan: func(ctx context.Context, args Args) (Plan, error) {
			return planSignal(ctx, server, args, cancelPlan)
		},
		Run: func(ctx context.Context, p Plan, _ func(Progress)) (Result, error) {
			return cancelSignal().run(ctx, server, p)
		},
	}
}

// Terminate declares the end of one session, with whatever it has open. server
// is nil where no PostgreSQL is configured.
func Terminate(server *pg.Server) Action {
	return Action{
		ID: "pg.terminate", Title: "End session", Verb: "end it", Key: 'K', Danger: Disruptive,
		Params:   sessionParams(),
		Measures: sessionMeasures(Measure{Name: "oldest transaction", Metric: "db.tx.longest", Better: Lower, Within: 15 * time.Second}),
		Blocked:  noServer(server),
		Plan: func(ctx context.Context, args Args) (Plan, error) {
			return planSignal(ctx, server, args, terminatePlan)
		},
		Run: func(ctx context.Context, p Plan, _ func(Progress)) (Result, error) {
			return terminateSignal().run(ctx, server, p)
		},
	}
}

func sessionParams() []Param {
	return []Param{
		{Name: "pid", Type: TypePID, Help: "process number of the session"},
		{Name: "backend_start", Type: TypeTime, Optional: true, Help: "when that session started; without it, the session that has the pid while planning"},
	}
}

// noServer blocks the actions of a server that nobody configured.
func noServer(server *pg.Server) func() string {
	return func() string {
		if server == nil {
			return "no postgres is configured for this target"
		}
		return ""
	}
}

// planSignal looks at the session and lets fill say what its end would mean.
func planSignal(ctx context.Context, server *pg.Server, args Args, fill func(*Plan, *session)) (Plan, error) {
	conn, err := server.Spare(ctx)
	if err != nil {
		return Plan{}, err
	}
	defer conn.Close()
	pid := pidOf(args)
	p := Plan{Target: strconv.FormatInt(pid, 10), Args: Args{"pid": args["pid"], "backend_start": args["backend_start"]}}
	s, err := readSession(ctx, conn, pid)
	if err != nil {
		return Plan{}, err
	}
	if s == nil {
		p.Refuse = fmt.Sprintf("there is no session with pid %d", pid)
		return p, nil
	}
	p.Preflight = s.facts()
	if int(pid) == conn.PID() {
		p.Refuse = "it is a session of tocsin itself"
		return p, nil
	}
	if p.Refuse = s.fault(args["backend_start"]); p.Refuse != "" {
		return p, nil
	}
	p.Args["backend_start"] = instant(*s.Started)
	fill(&p, s)
	return p, nil
}

func cancelPlan(p *Plan, s *session) {
	p.Steps = []string{fmt.Sprintf("SELECT pg_cancel_backend(%d)  if it still runs the statement of %s", s.PID, statementStart(s))}
	if s.State != "active" {
		p.Refuse = fmt.Sprintf("it would do nothing: the session is %s, no statement runs", s.State)
		if s.idleInTx() {
			p.Refuse += "; end the session instead (pg.terminate)"
		}
		return
	}
	p.Args["query_start"] = instant(*s.Statement)
	p.Notes = append(notes("frees", s.frees()),
		Note{"stops", fmt.Sprintf("%s of %s, %s", verb(s.Query), s.who(), s.doing())},
		Note{"statement", s.statement()},
		Note{"keeps", "the session; its transaction, if one is open, is rolled back or left failed by the application"},
		Note{"will not", "stop " + s.who() + " from sending it again"})
	raiseForFreeze(p, s)
}

func statementStart(s *session) string {
	if s.Statement == nil {
		return "that time"
	}
	return clock(*s.Statement)
}

func terminatePlan(p *Plan, s *session) {
	p.Steps = []string{fmt.Sprintf("SELECT pg_terminate_backend(%d)  if still started %s", s.PID, clock(*s.Started))}
	p.Notes = append(notes("frees", s.frees()),
		Note{"ends", fmt.Sprintf("%s, %s", s.who(), s.doing())},
		Note{"statement", s.statement()},
		Note{"undoes", undone(s)})
	if s.idleInTx() && s.XminAge > 0 {
		p.Notes = append(p.Notes, Note{"lets go", "its snapshot, " + count(s.XminAge, "transaction") + " old: a vacuum can then remove what died since"})
	}
	p.Notes = append(p.Notes, Note{"will not", "stop " + s.who() + " from connecting and doing it again"})
	if s.State != "active" {
		p.Notes = append(p.Notes, Note{"cancel (C)", "would do nothing: the session is " + s.State})
	}
	raiseForFreeze(p, s)
}

// undone says what a session takes with it when it ends.
func undone(s *session) string {
	if s.TxAge == nil {
		return "nothing: it has no open transaction"
	}
	written := "it has written nothing"
	if s.HasWritten {
		written = "what it wrote is rolled back"
	}
	return fmt.Sprintf("its open transaction of %s, last %s; %s", took(seconds(*s.TxAge)), verb(s.Query), written)
}

// raiseForFreeze warns twice of stopping a vacuum that keeps the server from
// having to shut down.
func raiseForFreeze(p *Plan, s *session) {
	switch {
	case s.freeze():
		p.Danger = Destructive
		p.Notes = append([]Note{{"breaks", "the vacuum that prevents transaction id wraparound: when that is put off for too long, the server stops taking writes"}}, p.Notes...)
	case s.Type == "autovacuum worker":
		p.Notes = append(p.Notes, Note{"afterwards", "autovacuum starts on this table again by itself"})
	}
}

func notes(label, text string) []Note {
	if text == "" {
		return nil
	}
	return []Note{{label, text}}
}

// signal is one way to end a session's work.
type signal struct {
	fire string // $1 pid, $2 backend_start: fires and tells whether it did; no row when the target is another one
	left string // $1, $2: true while the target is still there
	args func(Plan) []any
	word string
}

func terminateSignal() signal {
	return signal{
		fire: `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid = $1 AND backend_start = $2 AND pid <> pg_backend_pid()`,
		left: `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2)`,
		args: func(p Plan) []any { return []any{pidOf(p.Args), p.Args["backend_start"]} },
		word: "ended",
	}
}

func cancelSignal() signal {
	return signal{
		fire: `SELECT pg_cancel_backend(pid) FROM pg_stat_activity
WHERE pid = $1 AND backend_start = $2 AND query_start = $3 AND state = 'active' AND pid <> pg_backend_pid()`,
		left: `SELECT EXISTS (SELECT FROM pg_stat_activity
WHERE pid = $1 AND backend_start = $2 AND query_start = $3 AND state = 'active')`,
		args: func(p Plan) []any { return []any{pidOf(p.Args), p.Args["backend_start"], p.Args["query_start"]} },
		word: "cancelled",
	}
}

// run fires at exactly the target of the plan and looks whether it worked.
func (s signal) run(ctx context.Context, server *pg.Server, p Plan) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, signalLimit)
	defer cancel()
	conn, err := server.Spare(ctx)
	if err != nil {
		return Result{}, err
	}
	defer conn.Close()
	args, err := instants(s.args(p))
	if err != nil {
		return Result{}, err
	}
	began := time.Now()
	var sent bool
	err = conn.QueryRow(ctx, s.fire, args...).Scan(&sent)
	switch {
	case pg.NoRow(err):
		return Result{}, fmt.Errorf("session %s is gone or does something else by now: nothing was done", p.Target)
	case lost(err):
		return Result{Unsure: "no answer to the signal: " + err.Error()}, nil
	case err != nil:
		return Result{}, err
	case !sent:
		return Result{}, fmt.Errorf("session %s could not be signalled: it has just ended", p.Target)
	}
	result := Result{Done: p.Steps}
	if err := s.wait(ctx, conn, args); err != nil {
		result.Unsure = err.Error()
		return result, nil
	}
	result.Summary = s.word + " in " + took(time.Since(began))
	return result, nil
}

// wait returns when the target is gone, or says why that is not known.
func (s signal) wait(ctx context.Context, conn *pg.Conn, args []any) error {
	ctx, cancel := context.WithTimeout(ctx, goneLimit)
	defer cancel()
	tick := time.NewTicker(gonePoll)
	defer tick.Stop()
	for {
		var left bool
		if err := conn.QueryRow(ctx, s.left, args...).Scan(&left); err != nil && ctx.Err() == nil {
			return fmt.Errorf("signalled, but whether it worked could not be read: %w", err)
		}
		if !left && ctx.Err() == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("signalled, but not %s after %s", s.word, took(goneLimit))
		}
	}
}

// instants turns the texts among args into times.
func instants(args []any) ([]any, error) {
	for i, arg := range args {
		text, ok := arg.(string)
		if !ok {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return nil, fmt.Errorf("the plan has no time: %w", err)
		}
		args[i] = at
	}
	return args, nil
}

// lost tells that the server may or may not have done what it was asked for.
func lost(err error) bool {
	fail, ok := errors.AsType[*model.Fail](err)
	return ok && fail.Class == model.Down || errors.Is(err, context.DeadlineExceeded)
}
