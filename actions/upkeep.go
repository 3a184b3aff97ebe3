package actions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/pg"
)

// progressEvery is the pause between two looks at how far a statement is, and
// the limit of one.
const progressEvery = time.Second

// tidyLimit bounds the removal of what a failed statement left behind.
const tidyLimit = 15 * time.Second

// upkeep is an action of one long statement on a table.
type upkeep struct {
	server   *pg.Server
	plan     func(ctx context.Context, conn *pg.Conn, args Args) (Plan, error)
	run      func(context.Context, *upkeepRun) (Result, error)
	lockWait time.Duration // lock_timeout of its statements; 0 waits without end
	progress string        // SQL: pid, phase, done and total of the backends that do such a thing
	ddl      bool          // its statement is one that a read-only session must not send
}

// declare makes an action of it that has an id, words and parameters already.
func (u upkeep) declare(a Action) Action {
	a.Blocked = noServer(u.server)
	a.Plan = u.look
	a.Run = u.carryOut
	return a
}

// look plans on the spare connection.
func (u upkeep) look(ctx context.Context, args Args) (Plan, error) {
	conn, err := u.server.Spare(ctx)
	if err != nil {
		return Plan{}, err
	}
	defer conn.Close()
	p, err := u.plan(ctx, conn, args)
	if err == nil && p.Args == nil {
		p.Args = args
	}
	if u.ddl && p.Refuse == "" {
		p.Refuse = conn.ReadOnly()
	}
	return p, err
}

// upkeepRun is one call of an [upkeep] under way.
type upkeepRun struct {
	upkeep
	conn *pg.Conn
	p    Plan
	step func(Progress)
}

// carryOut runs what was planned if it is what would be planned again: the
// table may be another one by now, the disk full, the right lost.
func (u upkeep) carryOut(ctx context.Context, p Plan, step func(Progress)) (Result, error) {
	if err := u.same(ctx, p); err != nil {
		return Result{}, err
	}
	conn, err := u.server.Action(ctx)
	if err != nil {
		return Result{}, err
	}
	defer conn.Close()
	r := &upkeepRun{upkeep: u, conn: conn, p: p, step: step}
	if err := r.prepare(ctx, conn); err != nil {
		return Result{}, err
	}
	return u.run(ctx, r)
}

// same plans once more and compares.
func (u upkeep) same(ctx context.Context, p Plan) error {
	ctx, cancel := context.WithTimeout(ctx, PlanLimit)
	defer cancel()
	again, err := u.look(ctx, p.Args)
	switch {
	case err != nil:
		return fmt.Errorf("look again: %w: nothing was done", err)
	case again.Refuse != "":
		return errors.New("things have changed: " + again.Refuse + ": nothing was done")
	case !slices.Equal(again.Steps, p.Steps) || again.Preflight["oid"] != p.Preflight["oid"]:
		return fmt.Errorf("things have changed, so that something else would run on %s: nothing was done", p.Target)
	}
	return nil
}

// prepare sets up a connection: whatever role and database set, the statement
// must neither be cut off nor queue for longer than was said.
func (r *upkeepRun) prepare(ctx context.Context, conn *pg.Conn) error {
	for _, set := range []string{"SET statement_timeout = 0", setLockTimeout(r.lockWait), "SET application_name = '" + r.name() + "'"} {
		if _, _, err := conn.Exec(ctx, set); err != nil {
			return err
		}
	}
	return nil
}

func setLockTimeout(d time.Duration) string {
	if d == 0 {
		return "SET lock_timeout = 0"
	}
	return fmt.Sprintf("SET lock_timeout = '%ds'", int(d.Seconds()))
}

// name is the application_name by which the work is known at the server.
func (r *upkeepRun) name() string { return model.OwnApp + ":" + strings.Trim(r.p.ID, `'\`) }

// exec sends one statement, alone and outside a transaction, and shows how far
// it is. warned is what the server said beside it, which may be that it did
// nothing. When the statement failed, [errStillRuns] is in the error if it may
// go on at the server.
func (r *upkeepRun) exec(ctx context.Context, sql string) (warned string, err error) {
	ended := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		r.follow(ended)
	}()
	_, said, err := r.conn.Exec(ctx, sql)
	close(ended)
	<-watched
	if err != nil {
		return "", r.stopped(err)
	}
	return warning(said), nil
}

// maintained sends a statement that the server skips, with no more than a
// warning, when the right to it is missing or the table is gone. The warning
// of one that was carried out is returned.
func (r *upkeepRun) maintained(ctx context.Context, sql string) (warned string, err error) {
	warned, err = r.exec(ctx, sql)
	if err != nil || warned == "" {
		return "", err
	}
	t, err := readRelation(ctx, r.conn, r.p.Args["table"])
	if err != nil || t.mayMaintain("maintain", true) != "" {
		return "", errors.New("the server did nothing: " + warned)
	}
	return ", with a warning (" + warned + ")", nil
}

// errStillRuns says that a statement whose answer was lost may go on.
var errStillRuns = errors.New("it may still run at the server")

// stopped has the server confirm that the failed statement has ended.
func (r *upkeepRun) stopped(err error) error {
	if pg.SQLState(err) != "" && !lost(err) {
		return err // the server itself says that it failed
	}
	pid := int64(r.conn.PID())
	r.conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), signalLimit)
	defer cancel()
	conn, lookErr := r.server.Spare(ctx)
	if lookErr != nil {
		return fmt.Errorf("%w, as pid %d: %w: %w", errStillRuns, pid, lookErr, err)
	}
	defer conn.Close()
	still := signal{
		word: "ended",
		left: `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND application_name = $2 AND state = 'active')`,
	}
	if waitErr := still.wait(ctx, conn, []any{pid, appName(r.name())}); waitErr != nil {
		return fmt.Errorf("%w, as pid %d: %w: %w", errStillRuns, pid, waitErr, err)
	}
	return err
}

// appName is what the server keeps of an application_name.
func appName(name string) string { return name[:min(len(name), 63)] }

// failed is the result of a statement that failed after done were carried out.
func (r *upkeepRun) failed(err error, done ...string) (Result, error) {
	if errors.Is(err, errStillRuns) {
		return Result{Done: done, Unsure: err.Error()}, nil
	}
	return Result{Done: done}, err
}

// follow shows the progress until the statement has ended. It reads on the
// spare connection and gives up quietly where that is in use.
func (r *upkeepRun) follow(ended <-chan struct{}) {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return
		case <-tick.C:
		}
		if p, ok := r.progressNow(); ok {
			r.step(p)
		}
	}
}

// progressSQL has %s for the view of what runs. Whom it waits for is asked only
// while it waits.
const progressSQL = `
SELECT coalesce(p.phase, '') AS phase, coalesce(p.done, 0)::bigint AS done, coalesce(p.total, 0)::bigint AS total,
  coalesce((SELECT string_agg(concat_ws(', ', 'pid ' || b.pid, 'app=' || nullif(b.application_name, ''), b.state), '; ')
    FROM pg_stat_activity b
    WHERE a.wait_event_type = 'Lock' AND b.pid = ANY (pg_blocking_pids(a.pid))), '') AS waits
FROM pg_stat_activity a LEFT JOIN (%s) p ON p.pid = a.pid
WHERE a.pid = $1 AND a.state = 'active'`

// stage is how far a statement is. Source: the pg_stat_progress views.
type stage struct {
	Phase string // "" while it has not begun
	Done  int64
	Total int64  // 0 where it is not known
	Waits string // for whom; "" where it does not
}

func (r *upkeepRun) progressNow() (Progress, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), progressEvery)
	defer cancel()
	conn, err := r.server.Spare(ctx)
	if err != nil {
		return Progress{}, false
	}
	defer conn.Close()
	found, err := pg.Query[stage](ctx, conn, fmt.Sprintf(progressSQL, r.progress), int64(r.conn.PID()))
	if err != nil || len(found) == 0 {
		return Progress{}, false
	}
	return found[0].progress(), true
}

func (s stage) progress() Progress {
	p := Progress{Text: s.Phase, Part: -1}
	if s.Phase == "" {
		p.Text = "begins"
	}
	if s.Total > 0 && s.Waits == "" {
		p.Part = min(float64(s.Done)/float64(s.Total), 1)
		p.Text += fmt.Sprintf(" %.0f %%", 100*p.Part)
	}
	if s.Waits != "" {
		p.Text += " · waits for " + s.Waits
	}
	return p
}

// tidy gives f a connection for removing what a failed statement left behind,
// also when the action was cancelled.
func (r *upkeepRun) tidy(f func(context.Context, *pg.Conn) error) error {
	r.conn.Close() // it may be the spare one, and cannot be in two hands
	ctx, cancel := context.WithTimeout(context.Background(), tidyLimit)
	defer cancel()
	conn, err := r.server.Action(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	wait := *r
	wait.lockWait = tidyLimit - 5*time.Second
	if err := wait.prepare(ctx, conn); err != nil {
		return err
	}
	return f(ctx, conn)
}

// oidText is the identity of what a plan is about, for its preflight.
func oidText(oid int64) string { return strconv.FormatInt(oid, 10) }
