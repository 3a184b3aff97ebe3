package actions_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tocsin/actions"
	"tocsin/internal/testkit"
)

func (w *world) crowdRunner(role string) *actions.Runner {
	w.Helper()
	server := w.as(role)
	return newRunner(w.T, actions.Options{}, actions.Terminate(server), actions.TerminateAll(server))
}

// leaks opens sessions of an application that sit in a transaction.
func (w *world) leaks(app string, n int) []*pgx.Conn {
	w.Helper()
	var out []*pgx.Conn
	for range n {
		conn := w.session(app)
		testkit.Exec(w.T, conn, "BEGIN", "SELECT 1")
		out = append(out, conn)
	}
	return out
}

// alive counts the sessions of an application in this database.
func (w *world) alive(app string) int {
	w.Helper()
	return testkit.One[int](w.T, w.admin, "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()", app)
}

// listOf names sessions as the view of a filter does.
func (w *world) listOf(conns ...*pgx.Conn) string {
	w.Helper()
	var out []string
	for _, conn := range conns {
		args := w.identity(conn)
		out = append(out, args["pid"]+"@"+args["backend_start"])
	}
	return strings.Join(out, ",")
}

func TestTerminateAll(t *testing.T) {
	for _, major := range testkit.Majors() {
		t.Run(strconv.Itoa(major), func(t *testing.T) {
			w := newWorld(t, servers.PostgresMajor(t, major))
			w.leaks("report-worker", 4)
			w.session("report-worker") // idle: the state spares it
			w.leaks("api", 1)
			r := w.crowdRunner("postgres")
			args := actions.Args{"app": "report-worker", "state": "idle in transaction"}
			p, err := r.Plan(t.Context(), "pg.terminate.all", args)
			if err != nil || p.Refuse != "" || p.Danger != actions.Destructive || p.Target != "all 4" {
				t.Fatalf("%v, %+v", err, p)
			}
			wantText(t, notesOf(p), "4 of app=report-worker, role postgres, idle in transaction: pid ", " and 1 more",
				"frees: 4 of 97 usable connections", "undoes: 4 open transactions; none has written", "leaves alone: sessions that began after")
			if n := w.alive("report-worker"); n != 5 {
				t.Fatalf("the plan left %d sessions of 5", n)
			}
			out, err := do(t, r, "pg.terminate.all", args)
			if err != nil || !strings.HasPrefix(out.Text, "ended 4 of 4 sessions in ") || len(out.Result.Done) != 4 {
				t.Fatalf("%v, %+v", err, out)
			}
			if left, others := w.alive("report-worker"), w.alive("api"); left != 1 || others != 1 {
				t.Errorf("%d idle sessions and %d of another application are left, want 1 and 1", left, others)
			}
		})
	}
}

// What happens between the card and the key: a session ends, a pid goes to
// another session, one gets to work, new ones begin. None of these is touched.
func TestTerminateAllChecksEachAgain(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	conns := w.leaks("leaky", 4)
	args := actions.Args{"app": "leaky", "state": "idle in transaction"}
	action := actions.TerminateAll(w.as("postgres"))
	p, err := action.Plan(t.Context(), args)
	if err != nil || p.Target != "all 4" {
		t.Fatalf("%v, %+v", err, p)
	}
	ended := w.identity(conns[0])["pid"]
	testkit.Exec(t, conns[1], "SELECT 2")
	reused := w.identity(conns[2])
	p.Args["sessions"] = strings.Replace(p.Args["sessions"], reused["backend_start"], "2026-01-01T00:00:00.123456Z", 1)
	newer := w.leaks("leaky", 1)
	testkit.Exec(t, w.admin, "SELECT pg_terminate_backend("+ended+")")
	testkit.Until(t, 5*time.Second, "the session to end", func(context.Context) bool { return !w.open(actions.Args{"pid": ended}) })

	result, err := action.Run(t.Context(), p, func(actions.Progress) {})
	if err != nil || result.Unsure != "" || len(result.Done) != 1 {
		t.Fatalf("%v, %+v", err, result)
	}
	wantText(t, result.Summary, "ended 1 of 4 sessions in", "; 2 had ended, or the pid was another session's", "; 1 did something since and stay")
	for name, conn := range map[string]*pgx.Conn{"at work": conns[1], "of the re-used pid": conns[2], "newer": newer[0]} {
		if !w.open(w.identity(conn)) {
			t.Errorf("the session %s is gone", name)
		}
	}
	if w.open(actions.Args{"pid": strconv.Itoa(int(conns[3].PgConn().PID()))}) {
		t.Error("the session that was meant is still there")
	}
	if result, err := action.Run(t.Context(), p, func(actions.Progress) {}); err == nil || len(result.Done) > 0 {
		t.Errorf("a second run of the same plan: %v, %+v", err, result)
	}
}

func TestTerminateAllOfAList(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	shown, hidden := w.leaks("leaky", 2), w.leaks("leaky", 1)
	ours := w.session("tocsin:01HZY")
	replication := testkit.Connect(t, w.server.DSN(w.db, "postgres")+" replication=database")
	reused := fmt.Sprintf("%d@2026-01-01T00:00:00Z", hidden[0].PgConn().PID())
	list := w.listOf(shown[0], shown[1], ours, replication) + "," + reused
	out, err := do(t, w.crowdRunner("postgres"), "pg.terminate.all", actions.Args{"sessions": list})
	if err != nil || !strings.HasPrefix(out.Text, "ended 2 of 2 sessions") {
		t.Fatalf("%v, %s", err, out.Text)
	}
	wantText(t, notesOf(out.Plan), "1 session of replication; 1 session of tocsin itself; 1 session that ended, or whose pid is another session's by now")
	for name, conn := range map[string]*pgx.Conn{"of the re-used pid": hidden[0], "of an action": ours} {
		if !w.open(w.identity(conn)) {
			t.Errorf("the session %s is gone", name)
		}
	}
}

func TestTerminateAllRefusals(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	signaller, plain, owner := "many_"+w.db, "few_"+w.db, "owner_"+w.db
	testkit.Exec(t, w.admin, "CREATE ROLE "+signaller+" LOGIN IN ROLE pg_signal_backend, pg_monitor", "CREATE ROLE "+plain+" LOGIN", "CREATE ROLE "+owner+" LOGIN")
	t.Cleanup(func() {
		_, _ = w.admin.Exec(context.Background(), "DROP ROLE "+signaller+", "+plain+", "+owner)
	})
	w.leaks("mixed", 2)
	theirs := testkit.Connect(t, w.server.DSN(w.db, owner)+" application_name=mixed")
	tests := []struct {
		name, role string
		args       actions.Args
		want       string
	}{
		{"nothing chosen", "postgres", actions.Args{}, "say which"},
		{"chosen twice", "postgres", actions.Args{"app": "mixed", "sessions": w.listOf(theirs)}, "either sessions or filters"},
		{"no list", "postgres", actions.Args{"sessions": "4711"}, "it is not a list like"},
		{"no state", "postgres", actions.Args{"state": "idel"}, "none of active, idle"},
		{"nobody", "postgres", actions.Args{"app": "nobody"}, "there is none to end"},
		{"re-used", "postgres", actions.Args{"sessions": fmt.Sprintf("%d@2026-01-01T00:00:00Z", theirs.PgConn().PID())}, "there is none to end; left out: 1 session that ended, or whose pid is another session's"},
		{"not seen", plain, actions.Args{"app": "mixed", "state": "idle"}, "3 sessions whose start cannot be seen (GRANT pg_monitor TO " + plain + ")"},
		{"all are superusers'", signaller, actions.Args{"app": "mixed", "state": "idle in transaction"}, "2 sessions of superusers"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, err := do(t, w.crowdRunner(tt.role), "pg.terminate.all", tt.args)
			if err == nil || len(out.Result.Done) > 0 || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("ended %s with %v, want: %s", out.Ending, err, tt.want)
			}
		})
	}
	t.Run("some are superusers'", func(t *testing.T) {
		out, err := do(t, w.crowdRunner(signaller), "pg.terminate.all", actions.Args{"app": "mixed"})
		if err != nil || w.alive("mixed") != 2 {
			t.Errorf("%v, %s: %d are left, want the 2 of the superuser", err, out.Text, w.alive("mixed"))
		}
		wantText(t, notesOf(out.Plan), "leaves out: 2 sessions of superusers, which only a superuser may signal")
	})
}

func TestTerminateAllByIdleTime(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	old := w.session("pool")
	testkit.Until(t, 5*time.Second, "a second of idleness", func(context.Context) bool {
		return testkit.One[bool](t, w.admin, "SELECT state_change < clock_timestamp() - interval '1 second' FROM pg_stat_activity WHERE pid = $1", old.PgConn().PID())
	})
	w.session("pool")
	out, err := do(t, w.crowdRunner("postgres"), "pg.terminate.all", actions.Args{"app": "pool", "idle_over": "1s"})
	if err != nil || !strings.HasPrefix(out.Text, "ended 1 of 1 session in") || w.alive("pool") != 1 {
		t.Errorf("%v, %s: %d are left", err, out.Text, w.alive("pool"))
	}
}
