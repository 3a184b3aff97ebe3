package e2e_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"tocsin/internal/testkit"
)

// audit is what was done on this world: "pg.vacuum intent,pg.vacuum result ok".
// The record must be intact.
func (w *world) audit() string {
	w.t.Helper()
	if text, code := w.command("audit", "verify"); code != 0 {
		w.t.Errorf("audit verify: code %d: %s", code, text)
	}
	text, code := w.command("audit", "list", "-o", "json")
	var doc struct {
		Entries []struct{ Phase, Action, Outcome, Verdict string }
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil || code != 0 {
		w.t.Fatalf("audit list: %v, code %d: %s", err, code, text)
	}
	var lines []string
	for _, e := range doc.Entries {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s%s", e.Action, e.Phase, e.Outcome, e.Verdict)))
	}
	return strings.Join(lines, ",")
}

// TestRefused tries what must not work on a session that holds everybody up:
// it stays, and no intent is recorded.
func TestRefused(t *testing.T) {
	t.Parallel()
	w := startWorld(t)
	w.breaks("lock-pileup")
	r := &refused{world: w, admin: w.admin()}
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, r *refused)
	}{
		{"read-only session", refusedReadOnly},
		{"card not confirmed", refusedUnconfirmed},
		{"pid of another session", refusedOtherSession},
		{"session gone", refusedGone},
		{"pid of another session among many", refusedAmongMany},
	} {
		if !t.Run(tt.name, func(t *testing.T) { tt.run(t, r) }) {
			return
		}
	}
}

type refused struct {
	*world
	admin *pgx.Conn
}

// pid is the session that holds the lock; 0 when it has gone.
func (r *refused) pid(t *testing.T) int {
	t.Helper()
	return testkit.One[int](t, r.admin, `SELECT coalesce(max(pid), 0) FROM pg_stat_activity
  WHERE application_name = 'worker' AND state = 'idle in transaction' AND query LIKE '%ALTER TABLE%'`)
}

// untouched checks that the session lives and nothing was recorded.
func (r *refused) untouched(t *testing.T) {
	t.Helper()
	if r.pid(t) == 0 {
		t.Error("the session is gone")
	}
	if got := r.audit(); got != "" {
		t.Errorf("audit %q, want none", got)
	}
}

// card opens the card of the session that the verdict names.
func (r *refused) card(screen *testkit.Terminal) {
	screen.WaitFor("K end it", limit)
	screen.Keys("K")
	screen.WaitFor("type demo to arm", limit)
}

func refusedReadOnly(t *testing.T, r *refused) {
	screen := r.on(t).dashboard(80, 24, "--readonly")
	screen.WaitFor("K end it", limit)
	screen.Keys("K")
	screen.WaitFor("pg.terminate is blocked: this session is read-only", limit)
	screen.Keys("W")
	screen.WaitFor("start without it to arm", limit)
	if text, code := r.on(t).command("--readonly", "do", "pg.terminate", fmt.Sprint("pid=", r.pid(t)), fmt.Sprint("--yes=", r.pid(t))); code != 1 {
		t.Errorf("do --readonly: code %d, want 1: %s", code, text)
	}
	r.untouched(t)
}

// on is the world for a test of its own.
func (r *refused) on(t *testing.T) *world {
	w := *r.world
	w.t = t
	return &w
}

func refusedUnconfirmed(t *testing.T, r *refused) {
	screen := r.on(t).dashboard(160, 48)
	r.card(screen)
	screen.Keys("prod\r")
	screen.WaitFor("that is not demo", limit)
	screen.Keys("\x15demo\ry") // Ctrl-U empties the field; y is typed ahead
	screen.WaitFor("typed too early", limit)
	screen.Keys("\ty") // in the reason, y is a letter
	screen.WaitFor("reason  ▏y", limit)
	r.untouched(t)
	screen.Keys("\r")
	screen.WaitUntil("that y counts", limit, func(shown string) bool { return strings.Contains(shown, "Tab reason") })
	screen.Keys("\r")
	screen.WaitFor("cancelled, nothing was changed", limit)
	screen.WaitFor("READ-ONLY", limit)
	r.untouched(t)
}

// refusedOtherSession names a session of the shop by a pid that had been
// another session's.
func refusedOtherSession(t *testing.T, r *refused) {
	other := testkit.One[int](t, r.admin, "SELECT min(pid) FROM pg_stat_activity WHERE application_name = 'web'")
	text, code := r.on(t).command("do", "pg.terminate", fmt.Sprint("pid=", other), "backend_start=2020-01-01T00:00:00Z", fmt.Sprint("--yes=", other))
	if code != 1 || !strings.Contains(text, "is another session now") {
		t.Errorf("code %d, want 1: %s", code, text)
	}
	if !testkit.One[bool](t, r.admin, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)", other) {
		t.Error("a session that was not meant is gone")
	}
	if got, want := r.audit(), "pg.terminate result refused"; got != want {
		t.Errorf("audit %q, want %q", got, want)
	}
}

// refusedAmongMany names two sessions of the shop, one of them by a pid that had
// been another session's: that one stays, alone and in company.
func refusedAmongMany(t *testing.T, r *refused) {
	const one = `SELECT pid || '@' || to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
  FROM pg_stat_activity WHERE application_name = 'web' ORDER BY pid `
	kept, ended := testkit.One[string](t, r.admin, one+"LIMIT 1"), testkit.One[string](t, r.admin, one+"OFFSET 1 LIMIT 1")
	pid, _, _ := strings.Cut(kept, "@")
	reused := pid + "@2020-01-01T00:00:00Z"
	text, code := r.on(t).command("do", "pg.terminate.all", "sessions="+reused, "--yes=all 1")
	if want := "1 session that ended, or whose pid is another session's by now"; code != 1 || !strings.Contains(text, want) {
		t.Errorf("alone: code %d, want 1 with %q: %s", code, want, text)
	}
	text, code = r.on(t).command("do", "pg.terminate.all", "sessions="+reused+","+ended, "--yes=all 1")
	if code != 0 || !strings.Contains(text, "ended 1 of 1 session in") {
		t.Errorf("in company: code %d: %s", code, text)
	}
	for name, want := range map[string]bool{kept: true, ended: false} {
		if here := testkit.One[bool](t, r.admin, "SELECT EXISTS (SELECT FROM ("+one+") q(id) WHERE id = $1)", name); here != want {
			t.Errorf("session %s is there: %v, want %v", name, here, want)
		}
	}
	if got, want := r.audit(), ",pg.terminate.all result refused,pg.terminate.all intent,pg.terminate.all result ok"; !strings.Contains(got, want) {
		t.Errorf("audit %q, want %q in it", got, want)
	}
}

// refusedGone lets the session end between the card and its confirmation.
func refusedGone(t *testing.T, r *refused) {
	screen := r.on(t).dashboard(80, 24)
	r.card(screen)
	pid := r.pid(t)
	testkit.Exec(t, r.admin, fmt.Sprintf("SELECT pg_terminate_backend(%d)", pid))
	in := &incident{world: r.on(t), t: t, screen: screen}
	in.until("the session to end", func() bool { return r.pid(t) == 0 })
	screen.Keys("demo\r")
	in.confirm(fmt.Sprintf("session %d is gone .*nothing was done", pid))
	if got, want := r.audit(), "pg.terminate result refused,pg.terminate intent,pg.terminate result failed"; got != want {
		t.Errorf("audit %q, want %q", got, want)
	}
	if n := testkit.One[int](t, r.admin, killedSQL); n > 1 {
		t.Errorf("%d sessions were ended, want the one of this test", n)
	}
}

// killedSQL counts the sessions that somebody ended; 0 before PostgreSQL 14.
const killedSQL = "SELECT coalesce((to_jsonb(d) ->> 'sessions_killed')::int, 0) FROM pg_stat_database d WHERE datname = 'shop'"
