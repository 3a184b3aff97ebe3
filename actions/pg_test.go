package actions_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tocsin/actions"
	"tocsin/internal/local"
	"tocsin/internal/pg"
	"tocsin/internal/testkit"
)

var servers testkit.Servers

func TestMain(m *testing.M) { os.Exit(servers.Main(m)) }

// world is a database on a real server, seen by an operator.
type world struct {
	*testing.T
	server *local.Postgres
	db     string
	admin  *pgx.Conn
}

func newWorld(t *testing.T, server *local.Postgres) *world {
	t.Helper()
	w := &world{T: t, server: server, db: servers.Database(t, server)}
	w.admin = w.session("admin")
	return w
}

// session connects as an application.
func (w *world) session(app string) *pgx.Conn {
	w.Helper()
	return testkit.Connect(w.T, w.server.DSN(w.db, "postgres")+" application_name="+app)
}

// as is the action's view of the server under a role.
func (w *world) as(role string) *pg.Server {
	w.Helper()
	server, err := pg.Open(pg.Config{DSN: w.server.DSN(w.db, role)})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(server.Close)
	return server
}

func (w *world) runner(role string) *actions.Runner {
	w.Helper()
	server := w.as(role)
	return newRunner(w.T, actions.Options{}, actions.Cancel(server), actions.Terminate(server), actions.Vacuum(server))
}

// identity is the arguments that name a session.
func (w *world) identity(conn *pgx.Conn) actions.Args {
	w.Helper()
	pid := conn.PgConn().PID()
	start := testkit.One[time.Time](w.T, w.admin, "SELECT backend_start FROM pg_stat_activity WHERE pid = $1", pid)
	return actions.Args{"pid": strconv.Itoa(int(pid)), "backend_start": start.UTC().Format(time.RFC3339Nano)}
}

// open tells whether the session of these arguments still exists.
func (w *world) open(args actions.Args) bool {
	w.Helper()
	return testkit.One[bool](w.T, w.admin, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1::int)", args["pid"])
}

// background runs a statement until it ends by itself or with the session.
func (w *world) background(conn *pgx.Conn, sql string) (ended <-chan error) {
	pid := conn.PgConn().PID()
	done, over := make(chan error, 1), make(chan struct{})
	go func() {
		_, err := conn.Exec(context.Background(), sql)
		done <- err
		close(over)
	}()
	w.Cleanup(func() {
		_, _ = w.admin.Exec(context.Background(), "SELECT pg_terminate_backend($1)", pid) // most have ended
		<-over
	})
	testkit.Until(w.T, 10*time.Second, "the statement to run", func(ctx context.Context) bool {
		var active bool
		err := w.admin.QueryRow(ctx, "SELECT state = 'active' AND query = $2 FROM pg_stat_activity WHERE pid = $1", pid, sql).Scan(&active)
		return err == nil && active
	})
	return done
}

// pileUp makes a session idle in transaction with a table locked, and n that
// wait behind it.
func (w *world) pileUp(n int) (root *pgx.Conn) {
	w.Helper()
	testkit.Exec(w.T, w.admin, "CREATE TABLE IF NOT EXISTS public.orders (id int)")
	root = w.session("worker")
	testkit.Exec(w.T, root, "BEGIN", "LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE")
	for i := range n {
		w.background(w.session("api"), fmt.Sprintf("SELECT %d FROM public.orders", i))
	}
	testkit.Until(w.T, 10*time.Second, "the queue", func(context.Context) bool { return w.waiting() == n })
	return root
}

func (w *world) waiting() int {
	return testkit.One[int](w.T, w.admin, `SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database()`)
}

func do(t *testing.T, r *actions.Runner, id string, args actions.Args) (actions.Outcome, error) {
	t.Helper()
	return r.Do(t.Context(), actions.Order{Action: id, Args: args, Confirm: yes})
}

func notesOf(p actions.Plan) string {
	var lines []string
	for _, n := range p.Notes {
		lines = append(lines, n.Label+": "+n.Text)
	}
	return strings.Join(lines, "\n")
}

func wantText(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in:\n%s", part, text)
		}
	}
}

func TestTerminate(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	root := w.pileUp(3)
	args := w.identity(root)
	r := w.runner("postgres")

	p, err := r.Plan(t.Context(), "pg.terminate", args)
	if err != nil || p.Refuse != "" {
		t.Fatalf("%v, refused: %s", err, p.Refuse)
	}
	wantText(t, notesOf(p), "frees: 3 sessions on public.orders", "ends: app=worker, role postgres, idle in transaction for",
		"undoes: its open transaction of", "last LOCK TABLE", "cancel (C): would do nothing")
	wantText(t, p.Steps[0], "SELECT pg_terminate_backend("+args["pid"]+")")
	if !w.open(args) || w.waiting() != 3 {
		t.Fatal("the plan changed something")
	}
	out, err := do(t, r, "pg.terminate", args)
	if err != nil || !strings.HasPrefix(out.Text, "ended in ") {
		t.Fatalf("%v, %+v", err, out)
	}
	if w.open(args) {
		t.Error("the session is still there")
	}
	testkit.Until(t, 5*time.Second, "the queue to drain", func(context.Context) bool { return w.waiting() == 0 })
}

// A pid is used again: what was looked at is gone, and its successor is safe.
func TestReusedPid(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	busy := w.session("innocent")
	ended := w.background(busy, "SELECT pg_sleep(60)")
	args := w.identity(busy)
	args["backend_start"] = "2026-01-01T00:00:00.123456Z"
	r := w.runner("postgres")
	for _, id := range []string{"pg.terminate", "pg.cancel"} {
		out, err := do(t, r, id, args)
		if out.Ending != actions.Refused || err == nil || !strings.Contains(err.Error(), "is another session now") {
			t.Errorf("%s: %s, %v", id, out.Ending, err)
		}
	}
	for id, action := range map[string]actions.Action{"end": actions.Terminate(w.as("postgres")), "cancel": actions.Cancel(w.as("postgres"))} {
		// The session is replaced between the card and the key.
		plan := actions.Plan{Target: args["pid"], Args: actions.Args{"pid": args["pid"], "backend_start": args["backend_start"], "query_start": args["backend_start"]}}
		result, err := action.Run(t.Context(), plan, func(actions.Progress) {})
		if err == nil || len(result.Done) > 0 || result.Unsure != "" {
			t.Errorf("%s fired at another session: %+v, %v", id, result, err)
		}
	}
	if !w.open(args) {
		t.Error("the innocent session is gone")
	}
	select {
	case err := <-ended:
		t.Errorf("its statement ended: %v", err)
	default:
	}
}

// A forgotten transaction holds dead rows: its card says that they are let go.
func TestTerminateLetsASnapshotGo(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	analyst, idle := w.session("psql"), w.session("psql")
	testkit.Exec(t, analyst, "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT 1")
	testkit.Exec(t, w.admin, "CREATE TABLE public.orders (id int)", "CREATE TABLE public.items (id int)")
	for conn, want := range map[*pgx.Conn]bool{analyst: true, idle: false} {
		p, err := w.runner("postgres").Plan(t.Context(), "pg.terminate", w.identity(conn))
		if got := strings.Contains(notesOf(p), "lets go: its snapshot, "); err != nil || got != want {
			t.Errorf("%v, told: %v, want %v\n%s", err, got, want, notesOf(p))
		}
	}
}

func TestCancel(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	busy := w.session("report")
	ended := w.background(busy, "SELECT pg_sleep(60)")
	args := w.identity(busy)
	out, err := do(t, w.runner("postgres"), "pg.cancel", args)
	if err != nil || !strings.HasPrefix(out.Text, "cancelled in ") {
		t.Fatalf("%v, %+v", err, out)
	}
	wantText(t, notesOf(out.Plan), "stops: SELECT of app=report, role postgres, active for")
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "57014") {
		t.Errorf("the statement ended with %v", err)
	}
	if !w.open(args) {
		t.Error("the session is gone")
	}
}

// The next statement of the session is not the one that was looked at.
func TestCancelOfAnotherStatement(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	busy := w.session("report")
	ended := w.background(busy, "SELECT pg_sleep(60)")
	action := actions.Cancel(w.as("postgres"))
	plan, err := action.Plan(t.Context(), w.identity(busy))
	if err != nil || plan.Refuse != "" {
		t.Fatalf("%v, %s", err, plan.Refuse)
	}
	testkit.Exec(t, w.admin, fmt.Sprintf("SELECT pg_cancel_backend(%d)", busy.PgConn().PID()))
	<-ended
	ended = w.background(busy, "SELECT pg_sleep(59)")
	if result, err := action.Run(t.Context(), plan, func(actions.Progress) {}); err == nil || len(result.Done) > 0 {
		t.Errorf("cancelled another statement: %+v, %v", result, err)
	}
	select {
	case err := <-ended:
		t.Errorf("it ended: %v", err)
	default:
	}
}

func TestSessionRefusals(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	plain := "plain_" + w.db
	testkit.Exec(t, w.admin, "CREATE ROLE "+plain+" LOGIN", "CREATE ROLE other_"+w.db+" LOGIN", "CREATE ROLE signaller_"+w.db+" LOGIN IN ROLE pg_signal_backend, pg_monitor")
	t.Cleanup(func() {
		_, _ = w.admin.Exec(context.Background(), "DROP ROLE "+plain+", other_"+w.db+", signaller_"+w.db)
	})
	idle, idleInTx := w.session("idle"), w.session("lazy")
	testkit.Exec(t, idleInTx, "BEGIN", "SELECT 1")
	ours := w.session("tocsin")
	other := testkit.Connect(t, w.server.DSN(w.db, "other_"+w.db))
	checkpointer := testkit.One[int](t, w.admin, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
	tests := []struct {
		name, action, role string
		args               actions.Args
		want               string
	}{
		{"cancel of idle in transaction", "pg.cancel", "postgres", w.identity(idleInTx), "would do nothing: the session is idle in transaction, no statement runs; end the session"},
		{"cancel of idle", "pg.cancel", "postgres", w.identity(idle), "would do nothing: the session is idle"},
		{"our own", "pg.terminate", "postgres", w.identity(ours), "a session of tocsin itself"},
		{"no such pid", "pg.terminate", "postgres", actions.Args{"pid": "2147483000"}, "no session with pid"},
		{"server process", "pg.terminate", "postgres", actions.Args{"pid": strconv.Itoa(checkpointer)}, "a process of the server itself: checkpointer"},
		{"start cannot be seen", "pg.terminate", plain, w.identity(other), "GRANT pg_monitor TO " + plain},
		{"superuser's", "pg.terminate", "signaller_" + w.db, w.identity(idle), "only a superuser"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, err := do(t, w.runner(tt.role), tt.action, tt.args)
			if out.Ending != actions.Refused || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("ended %s with %v, want refused: %s", out.Ending, err, tt.want)
			}
		})
	}
	t.Run("right is missing", func(t *testing.T) {
		testkit.Exec(t, w.admin, "GRANT pg_monitor TO "+plain)
		_, err := do(t, w.runner(plain), "pg.terminate", w.identity(other))
		wantText(t, fmt.Sprint(err), "GRANT pg_signal_backend TO "+plain)
	})
	t.Run("right is enough", func(t *testing.T) {
		args := w.identity(other)
		delete(args, "backend_start") // the plan fixes it
		out, err := do(t, w.runner("signaller_"+w.db), "pg.terminate", args)
		if err != nil || out.Plan.Args["backend_start"] == "" {
			t.Errorf("%v, %v", err, out.Plan.Args)
		}
	})
}

func TestReplicationIsSpared(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	conn := testkit.Connect(t, w.server.DSN(w.db, "postgres")+" replication=database")
	out, err := do(t, w.runner("postgres"), "pg.terminate", actions.Args{"pid": strconv.Itoa(int(conn.PgConn().PID()))})
	if out.Ending != actions.Refused || err == nil || !strings.Contains(err.Error(), "it is replication") {
		t.Errorf("%s, %v", out.Ending, err)
	}
}

// The server hangs: the action ends in time and says that it does not know.
func TestTerminateOnHangingServer(t *testing.T) {
	w := newWorld(t, testkit.Postgres(t, local.PostgresOptions{}))
	args := w.identity(w.session("worker"))
	action := actions.Terminate(w.as("postgres"))
	plan, err := action.Plan(t.Context(), args)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.server.Pause(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	result, err := action.Run(ctx, plan, func(actions.Progress) {})
	if resumeErr := w.server.Resume(); resumeErr != nil {
		t.Fatal(resumeErr)
	}
	if result.Unsure == "" && err == nil {
		t.Errorf("it worked on a server that hangs: %+v", result)
	}
}

func TestOnEveryMajor(t *testing.T) {
	for _, major := range testkit.Majors() {
		t.Run(strconv.Itoa(major), func(t *testing.T) {
			w := newWorld(t, servers.PostgresMajor(t, major))
			r := w.runner("postgres")
			if out, err := do(t, r, "pg.terminate", w.identity(w.pileUp(1))); err != nil {
				t.Errorf("terminate: %v, %+v", err, out)
			}
			w.bloat("public.orders", 2000)
			out, err := do(t, r, "pg.vacuum", actions.Args{"table": "public.orders"})
			if err != nil || out.Verdict != actions.Helped {
				t.Errorf("vacuum: %v, %s", err, out.Text)
			}
			busy := w.session("report")
			w.background(busy, "SELECT pg_sleep(60)")
			if out, err := do(t, r, "pg.cancel", w.identity(busy)); err != nil {
				t.Errorf("cancel: %v, %+v", err, out)
			}
		})
	}
}
