package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tocsin/internal/testkit"
)

// status is what the tests need of `tocsin status -o json`.
type status struct {
	Sources []struct {
		Name, State string
		Error       *string
	}
	Metrics []struct {
		Name   string
		Labels map[string]string
		Value  *float64
	}
	Alerts  []struct{ Rule, State string }
	Suspect *struct{ Summary string }
}

func (w *world) status() status {
	w.t.Helper()
	text, code := w.command("status", "-o", "json")
	var s status
	if err := json.Unmarshal([]byte(text), &s); err != nil || code != 0 {
		w.t.Fatalf("status: %v, code %d: %s", err, code, text)
	}
	return s
}

// text is a text that may be null.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// TestStatus reads every source of a calm world.
func TestStatus(t *testing.T) {
	t.Parallel()
	w := startWorld(t)
	testkit.Until(t, limit, "customers", func(context.Context) bool { return w.state().Requests > 100 })
	s := w.status()
	var names []string
	for _, source := range s.Sources {
		if source.Name == "fleet" && source.State == "unconfigured" {
			continue // the shop is one machine, without a Prometheus
		}
		names = append(names, source.Name)
		if source.State != "ok" {
			t.Errorf("%s is %s: %s", source.Name, source.State, text(source.Error))
		}
	}
	want := []string{
		"pg.connections", "pg.activity", "pg.statements", "pg.tables", "pg.indexes", "pg.bloat", "pg.sequences", "pg.wraparound",
		"pg.database", "pg.checkpoints", "pg.wal", "pg.storage", "pg.io", "pg.replication", "pg.slots", "pg.archiver", "pg.progress",
		"pg.settings", "pg.horizon", "own", "app.shop", "probe.web", "probe.api", "probe.offers",
		"redis", "redis.keys", "redis.slowlog", "status.Vercel", "status.Supabase", "status.Stripe", "deployments", "host",
		"vercel.domains", "vercel.firewall", "sentry.traffic", "sentry.issues", "sentry.sessions", "sentry.crons", "sentry.quota",
		"stripe.payments", "stripe.revenue", "gauge.conversion", "gauge.new users",
		"supabase.project", "supabase.compute", "supabase.backups", "supabase.settings", "supabase.network", "supabase.advice",
		"supabase.usage", "supabase.machine",
	}
	slices.Sort(names)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("sources %q, want %q", names, want)
	}
	plausible(t, s)
}

// plausible checks the numbers against what the world is known to do.
func plausible(t *testing.T, s status) {
	t.Helper()
	ranges := map[string][2]float64{
		"db.down": {0, 0}, "db.connections.clients": {3, 50}, "db.connections.usable": {40, 60}, "db.connections.used": {5, 80},
		"db.locks.waiting": {0, 5}, "db.statements.calls": {5, 500}, "db.statements.mean": {0.01, 100}, "db.tables.bytes": {1e6, 1e9},
		"db.dead_tuples.pct": {0, 30}, "http.rate": {20, 60}, "http.error_rate": {0, 1}, "http.p50": {0.1, 500}, "http.p95": {0.1, 1000},
		"service.down": {0, 0}, "service.latency": {0.05, 1000}, "cache.age": {0, 10}, "cache.stale": {0, 0},
		"cache.down": {0, 0}, "cache.hit_ratio": {10, 100}, "cache.ops": {5, 1000}, "cache.keys": {300, 1e5}, "cache.memory.bytes": {1e5, 1e9},
		"host.cpu": {0, 100}, "host.memory": {0.1, 100}, "host.disk.used": {0.01, 100}, "provider.trouble": {0, 0}, "deploy.failed": {0, 0},
	}
	// Not told by every major, before the first checkpoint, or before hours have passed.
	untold := []string{"db.io.reads", "db.io.writes", "db.checkpoints.requested", "slo.burn"}
	seen := map[string]bool{}
	for _, m := range s.Metrics {
		seen[m.Name] = true
		limits, known := ranges[m.Name]
		switch {
		case m.Value == nil && slices.Contains(untold, m.Name):
		case m.Value == nil:
			t.Errorf("%s %v is unknown", m.Name, m.Labels)
		case known && (*m.Value < limits[0] || *m.Value > limits[1]):
			t.Errorf("%s %v is %g, want %g to %g", m.Name, m.Labels, *m.Value, limits[0], limits[1])
		}
	}
	for name := range ranges {
		if !seen[name] {
			t.Errorf("%s is missing", name)
		}
	}
}

// TestDatabaseLost stops PostgreSQL under a running dashboard and starts it
// again. It is about two seconds that a person feels, so it runs before the
// tests that run beside each other.
func TestDatabaseLost(t *testing.T) {
	w := startWorld(t)
	screen := w.dashboard(160, 48)
	screen.WaitFor("no suspect", limit)
	screen.WaitUntil("every panel", limit, readOnce)
	began := time.Now()
	w.post("/postgres/stop")
	screen.WaitUntil("what is down and why", 30*time.Second, func(screen string) bool {
		return strings.Contains(row(screen, 1), "PostgreSQL does not answer") && strings.Contains(row(screen, 1), "connection refused") &&
			strings.Contains(screen, "P0 db.down") && strings.Count(screen, "old: connection refused") == 2
	})
	t.Logf("told after %.1f s", time.Since(began).Seconds())
	databaseDown(t, w.status())

	w.post("/postgres/start")
	up := time.Now()
	for _, view := range [][2]string{{"0", "Services"}, {"1", "Locks"}, {"2", "Statements"}, {"3", "Tables"}} {
		screen.Keys(view[0])
		screen.WaitUntil(view[1]+" without fault", time.Until(up.Add(2*time.Second)), healthy(view[1]))
		t.Logf("%s after %.1f s", view[1], time.Since(up).Seconds())
	}
}

// healthy tells whether a view is shown and all that is in it could be read.
func healthy(title string) func(screen string) bool {
	return func(screen string) bool {
		return strings.HasPrefix(row(screen, 3), "┌─ "+title) && !strings.Contains(body(screen), "refused") &&
			!strings.Contains(screen, " old: ") && !strings.Contains(row(screen, 1), "does not answer")
	}
}

// readOnce tells whether the overview has what it shows of the database.
func readOnce(screen string) bool {
	statements := strings.Contains(screen, "││ needs two readings") || strings.Contains(screen, "││ share ")
	return healthy("Services")(screen) && strings.Contains(screen, " usable ──") && statements
}

// row is one row of a screen, from 0.
func row(screen string, n int) string {
	rows := strings.Split(screen, "\n")
	if n >= len(rows) {
		return ""
	}
	return rows[n]
}

// databaseDown checks what a second process says: the sources of the database
// have failed and say why, its alerts are unknown but the one that fires, and
// nothing else has moved.
func databaseDown(t *testing.T, s status) {
	t.Helper()
	asked := []string{"supabase.settings", "supabase.advice"} // Supabase looks into the database for these
	for _, source := range s.Sources {
		why, ours := text(source.Error), strings.HasPrefix(source.Name, "pg.") || strings.HasPrefix(source.Name, "gauge.")
		switch {
		case slices.Contains(asked, source.Name):
			if source.State != "error" || !strings.Contains(why, "failed to connect") {
				t.Errorf("%s is %s: %s; want error: failed to connect", source.Name, source.State, why)
			}
		case source.State == "unconfigured":
		case !ours && source.State != "ok":
			t.Errorf("%s is %s: %s", source.Name, source.State, why)
		case ours && (source.State != "error" || !strings.Contains(why, "connection refused")):
			t.Errorf("%s is %s: %s; want error: connection refused", source.Name, source.State, why)
		}
	}
	got := map[string]string{}
	for _, a := range s.Alerts {
		if strings.HasPrefix(a.Rule, "db.") {
			got[a.Rule] = a.State
		}
	}
	for _, rule := range []string{"db.connections", "db.dead_tuples.pct", "db.down", "db.locks.waiting", "db.query.slow"} {
		want := "unknown"
		if rule == "db.down" {
			want = "firing"
		}
		if got[rule] != want {
			t.Errorf("alert %s is %q, want %s", rule, got[rule], want)
		}
	}
	if s.Suspect == nil || !strings.Contains(s.Suspect.Summary, "PostgreSQL does not answer") {
		t.Errorf("suspect %+v, want PostgreSQL", s.Suspect)
	}
}

// TestHungDatabase stops every process of the server in its tracks: keys are
// answered all the same, and the panels say how old their data are. It runs
// alone, because it measures.
func TestHungDatabase(t *testing.T) {
	w := startWorld(t)
	screen := w.dashboard(160, 48)
	w.hang(screen)
	var took []time.Duration
	for _, p := range presses() {
		took = append(took, p.on(screen))
		t.Logf("%v %s", took[len(took)-1], p.what)
		if last := took[len(took)-1]; last > 100*time.Millisecond {
			t.Errorf("%s was answered after %v, want 100ms at most", p.what, last)
		}
	}
	slices.Sort(took)
	t.Logf("%d keys answered: median %v, slowest %v", len(took), took[len(took)/2], took[len(took)-1])
	screen.Keys("3")
	screen.WaitUntil("the age of the tables", limit, func(screen string) bool {
		return strings.HasPrefix(row(screen, 3), "┌─ Tables") && strings.Contains(row(screen, 4), "s old: ")
	})
	w.post("/postgres/resume")
	screen.WaitUntil("the tables of now", limit, healthy("Tables"))
}

// hang hangs the server and waits until the dashboard shows it.
func (w *world) hang(screen *testkit.Terminal) {
	w.t.Helper()
	screen.WaitFor("no suspect", limit)
	screen.WaitUntil("every panel", limit, readOnce)
	w.post("/postgres/pause")
	screen.WaitUntil("the age of the data", limit, func(screen string) bool {
		return strings.Count(screen, " old: no answer") == 2
	})
}

// press is a key, and what shows that it was answered.
type press struct {
	key, what string
	answered  func(screen string) bool
}

func presses() []press {
	at := func(title string) func(string) bool {
		return func(screen string) bool { return strings.HasPrefix(row(screen, 3), "┌─ "+title) }
	}
	shows := func(text string) func(string) bool {
		return func(screen string) bool { return strings.Contains(screen, text) }
	}
	hides := func(text string) func(string) bool {
		return func(screen string) bool { return !strings.Contains(screen, text) }
	}
	return []press{
		{"?", "help", shows("help   Esc back")},
		{"\x1b", "Esc from help", hides("help   Esc back")},
		{"1", "sessions", at("Locks")},
		{"2", "statements", at("Statements")},
		{"4", "services", at("Services")},
		{"5", "deployments", at("Deployments")},
		{"7", "cache", at("Cache")},
		{"8", "host", at("Host")},
		{"3", "tables", at("Tables")},
		{"/", "filter", func(screen string) bool { return strings.Contains(screen, "\n /") }},
		{"o", "text in the filter", shows("\n /o")},
		{"\x1b", "Esc from the filter", hides("\n /o")},
		{"V", "card", shows("looking at the target")},
		{"\x1b", "Esc from the card", hides("Vacuum table on")},
		{"0", "overview", at("Services")},
	}
}

// on types the key and returns the time until the answer is on the screen.
func (p press) on(screen *testkit.Terminal) time.Duration {
	typed := screen.Keys(p.key)
	screen.WaitUntil(p.what, limit, p.answered)
	return screen.Arrived().Sub(typed)
}

// TestStalledTerminal stops reading what the dashboard writes until that is
// really blocked: everything goes on behind it, and nothing piles up.
func TestStalledTerminal(t *testing.T) {
	t.Parallel()
	w := startWorld(t)
	screen := w.dashboard(160, 48)
	screen.WaitFor("no suspect", limit)
	s := w.stall(screen, 10)
	if s.grown > 4<<20 {
		t.Errorf("the stalled dashboard grew by %d bytes", s.grown)
	}
	if s.threads > 4 {
		t.Errorf("the stalled dashboard has %d more threads", s.threads)
	}
	if s.answered > 100*time.Millisecond {
		t.Errorf("the first key after it was answered after %v", s.answered)
	}
	t.Log(s)

	block(t, screen)
	screen.Signal(syscall.SIGTERM)
	if state := screen.Wait(endsWithin); state.ExitCode() != 143 {
		t.Errorf("ended with %v, want code 143", state)
	}
	if !screen.Settings().Equal(freshSettings(t)) {
		t.Error("the terminal has other modes than before")
	}
}

// stalled is what a stall did to the dashboard.
type stalled struct {
	lasted   time.Duration
	grown    int64         // bytes of resident memory
	threads  int32         // more than before
	answered time.Duration // the first key typed after it
}

func (s stalled) String() string {
	return fmt.Sprintf("blocked for %.0f s: %+.1f MB, %+d threads; first key answered %v after it", s.lasted.Seconds(), float64(s.grown)/(1<<20), s.threads, s.answered)
}

// stall blocks the terminal until the dashboard has read the database so many
// times more, and lets it go on.
func (w *world) stall(screen *testkit.Terminal, reads int64) stalled {
	w.t.Helper()
	admin := w.admin()
	count := func() int64 {
		return testkit.One[int64](w.t, admin, "SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements WHERE userid = 'tocsin'::regrole AND query LIKE '%pg_stat_activity%'")
	}
	block(w.t, screen)
	began, before, goal, queued := time.Now(), costOf(w.t, screen), count()+reads, screen.Unread()
	testkit.Until(w.t, 2*time.Minute, "the reads to go on", func(context.Context) bool { return count() >= goal })
	after := costOf(w.t, screen)
	if now := screen.Unread(); now != queued {
		w.t.Errorf("the terminal was not blocked: %d bytes in it, %d before", now, queued)
	}
	screen.Flow()
	s := stalled{
		lasted: time.Since(began), grown: int64(after.resident) - int64(before.resident), threads: after.threads - before.threads,
		answered: presses()[0].on(screen),
	}
	presses()[1].on(screen)
	return s
}

// block stops reading and changes the whole screen again and again, until the
// terminal takes no more.
func block(t testing.TB, screen *testkit.Terminal) {
	t.Helper()
	screen.Stall()
	same, queued := 0, -1
	testkit.Until(t, limit, "the terminal to block", func(context.Context) bool {
		screen.Keys(string("012345"[same%6]))
		if now := screen.Unread(); now == queued && now > 0 {
			same++
		} else {
			same, queued = 0, now
		}
		return same == 24
	})
}
