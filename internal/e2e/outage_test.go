package e2e_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shirou/gopsutil/v3/process"

	"tocsin/internal/local"
	"tocsin/internal/testkit"
)

const (
	// swallowed is how long the firewall swallows packets.
	swallowed = time.Minute
	// down is how long a server stays away.
	down = 3 * time.Second
	// recovers is how soon all sources are read again at the latest: after the
	// longest pause of one that failed. Mostly the first of a server wakes the
	// others long before.
	recovers = 30 * time.Second
	// keyEvery is how often a key is typed.
	keyEvery = 250 * time.Millisecond
)

// watched is a server of the test's own, and a dashboard that looks at it.
type watched struct {
	*testing.T
	server *local.Postgres
	wall   *testkit.Firewall // nil where there is none between them
	screen *testkit.Terminal
	took   []time.Duration // until each of the keys typed so far was answered
	ended  time.Time       // when the outage was over; zero before
}

// outage is something that befalls a server.
type outage struct {
	name string
	// befalls lets it happen and returns when it is over.
	befalls func(ctx context.Context, w *watched) error
	told    string   // what the screen says of it in between; "" for nothing
	after   []string // what Replication says when it is over
	standby bool     // the server is a standby
	walled  bool     // there is a firewall before it
}

func outages() []outage {
	const primary = "primary: it takes writes, timeline 1"
	return []outage{
		{name: "restart", befalls: restarted, told: "connection refused", after: []string{primary}},
		{name: "postmaster killed", befalls: postmasterKilled, told: "connection refused", after: []string{primary}},
		{name: "promotion", befalls: promoted, after: []string{"primary: it takes writes, timeline 2", "PostgreSQL was promoted: it takes writes, timeline 2"}, standby: true},
		{name: "packets swallowed", befalls: packetsSwallowed, told: "no answer", after: []string{primary}, walled: true},
	}
}

// TestOutages lets a server be restarted, crash, be promoted and vanish behind
// a firewall: every key is answered at once throughout, all is read again soon
// after, and nothing is left over. Its parts run alone, because they measure.
func TestOutages(t *testing.T) {
	for _, o := range outages() {
		t.Run(o.name, func(t *testing.T) {
			w := o.watched(t)
			before := w.footprint()
			w.typesDuring(o)
			w.recovered()
			w.showsAll(o.after)
			w.leavesNothing(before)
			slices.Sort(w.took)
			t.Logf("%d keys answered: median %v, slowest %v", len(w.took), w.took[len(w.took)/2], w.took[len(w.took)-1])
		})
	}
}

// watched starts the server, what is before it, and the dashboard.
func (o outage) watched(t *testing.T) *watched {
	t.Helper()
	w := &watched{T: t, server: testkit.Postgres(t, local.PostgresOptions{})}
	testkit.Exec(t, w.admin(), "CREATE EXTENSION IF NOT EXISTS pg_stat_statements", "CREATE TABLE orders (id int PRIMARY KEY)")
	if o.standby {
		w.server = testkit.Standby(t, w.server, "replica1")
	}
	dsn := w.server.DSN("postgres", "postgres")
	if o.walled {
		w.wall = testkit.Wall(t, w.server)
		dsn = w.wall.DSN("postgres", "postgres")
	}
	w.watch(dsn)
	return w
}

// watch starts the dashboard and waits until it has read all and is fully connected.
func (w *watched) watch(dsn string) {
	w.Helper()
	config := filepath.Join(w.TempDir(), "tocsin.yaml")
	text := fmt.Sprintf("state: %s\ntargets: {shop: {postgres: {dsn: %q}}}\n", w.TempDir(), dsn)
	must(w.T, os.WriteFile(config, []byte(text), 0o600))
	cmd := exec.Command(servers.Program(w.T), "--config", config)
	cmd.Env = environment(w.T)
	w.screen = testkit.Start(w.T, cmd, 160, 48)
	w.screen.WaitUntil("every panel", limit, func(screen string) bool { return readOnce(screen) && inOrder(screen) })
	testkit.Until(w.T, limit, "two lanes and the spare", func(context.Context) bool { return w.connections() == 3 })
}

// inOrder tells whether what a view shows could be read.
func inOrder(screen string) bool {
	head := row(screen, 0) + row(screen, 1)
	return !strings.Contains(head, "critical") && !strings.Contains(head, "does not answer") && !strings.Contains(screen, " old: ")
}

// allRead tells whether the evidence is shown, and lists nothing that could not
// be read: counters of a server that has started need two readings.
func allRead(screen string) bool {
	shown, listed := false, false
	for line := range strings.Lines(screen) {
		text := strings.Trim(line, " │\n")
		switch {
		case strings.HasPrefix(text, "┌─ evidence"):
			shown = true
		case text == "not known":
			listed = true
		case text == "":
			listed = false
		case listed && !strings.HasSuffix(text, "needs two readings"):
			return false
		}
	}
	return shown
}

// admin opens a connection to the server itself.
func (w *watched) admin() *pgx.Conn {
	w.Helper()
	return testkit.Connect(w.T, w.server.DSN("postgres", "postgres"))
}

// connections is how many the server has from the dashboard.
func (w *watched) connections() int {
	w.Helper()
	conn := w.admin()
	defer conn.Close(w.Context())
	return testkit.One[int](w.T, conn, "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'tocsin%'")
}

// footprint is what the dashboard holds.
type footprint struct{ connections, files int }

func (w *watched) footprint() footprint {
	w.Helper()
	p, err := process.NewProcess(int32(w.screen.PID()))
	must(w.T, err)
	files, err := p.NumFDs()
	must(w.T, err)
	return footprint{w.connections(), int(files)}
}

// leavesNothing waits until the dashboard holds no more than before.
func (w *watched) leavesNothing(before footprint) {
	w.Helper()
	var is footprint
	defer func() { w.Logf("holds %+v, before %+v", is, before) }()
	testkit.Until(w.T, limit, "what is left over to go", func(context.Context) bool {
		is = w.footprint()
		return is.connections == before.connections && is.files <= before.files
	})
}

// typesDuring types one key after another until the outage is over, and those
// that lead back to the overview.
func (w *watched) typesDuring(o outage) {
	w.Helper()
	over := make(chan error, 1)
	go func() { over <- o.befalls(w.Context(), w) }()
	tick := time.NewTicker(keyEvery)
	defer tick.Stop()
	told := o.told == ""
	for w.ended.IsZero() {
		for _, p := range views() {
			w.press(p)
			told = told || strings.Contains(w.screen.Screen(), o.told)
			if !w.ended.IsZero() {
				continue
			}
			select {
			case err := <-over:
				must(w.T, err)
				w.ended = time.Now()
			case <-tick.C:
			}
		}
	}
	if !told {
		w.Errorf("the screen did not say %q", o.told)
	}
}

// views are the keys that are answered whatever the server does, of which each
// changes the screen.
func views() []press {
	return slices.DeleteFunc(presses(), func(p press) bool { return strings.Contains(p.what, "card") })
}

// press types a key, which has to be answered at once.
func (w *watched) press(p press) {
	w.Helper()
	took := p.on(w.screen)
	w.took = append(w.took, took)
	if took > 100*time.Millisecond {
		w.Errorf("%s was answered after %v, want 100ms at most", p.what, took)
	}
}

// recovered waits until every source was read again.
func (w *watched) recovered() {
	w.Helper()
	w.press(press{"e", "evidence", func(screen string) bool { return strings.Contains(screen, "evidence   Esc back") }})
	w.screen.WaitUntil("every source read", time.Until(w.ended.Add(recovers)), allRead)
	w.Logf("every source was read %.1f s after it", time.Since(w.ended).Seconds())
	w.press(press{"\x1b", "Esc from the evidence", func(screen string) bool { return !strings.Contains(screen, "evidence   Esc back") }})
}

// showsAll looks at every view of the server, and at what is said of it then.
func (w *watched) showsAll(after []string) {
	w.Helper()
	for _, view := range [][]string{
		{"1", "Locks", "Sessions", "Running", "Horizon", "Server", "Replication", "Progress"},
		{"2", "Statements", "Regressions"},
		{"3", "Tables", "Indexes", "Bloat", "Sequences", "Wraparound"},
	} {
		key := view[0]
		for _, tab := range view[1:] {
			before := body(w.screen.Screen())
			w.press(press{key, tab, func(screen string) bool { return body(screen) != before }})
			w.screen.WaitUntil(tab+" in order", recovers, func(screen string) bool {
				return inOrder(screen) && (tab != "Replication" || containsAll(screen, after))
			})
			key = "]"
		}
	}
}

// body is what a view shows, which no two share.
func body(screen string) string {
	rows := strings.SplitN(screen, "\n", 4)
	return rows[len(rows)-1]
}

func containsAll(text string, parts []string) bool {
	return !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(text, part) })
}

// restarted stops the server and starts it a little later.
func restarted(ctx context.Context, w *watched) error {
	if err := w.server.Halt(ctx); err != nil {
		return err
	}
	return w.startsAgain(ctx)
}

func (w *watched) startsAgain(ctx context.Context) error {
	if err := pass(ctx, down); err != nil {
		return err
	}
	return w.server.Restart(ctx)
}

// postmasterKilled kills the postmaster alone, as the system does when it is
// out of memory: its children end when they notice.
func postmasterKilled(ctx context.Context, w *watched) error {
	children := local.Children(w.server.PID())
	if err := syscall.Kill(w.server.PID(), syscall.SIGKILL); err != nil {
		return err
	}
	for _, pid := range children {
		for syscall.Kill(pid, 0) == nil {
			if err := pass(ctx, 20*time.Millisecond); err != nil {
				return err
			}
		}
	}
	return w.startsAgain(ctx)
}

// promoted makes a primary of the standby that is watched.
func promoted(ctx context.Context, w *watched) error {
	if err := w.server.Promote(); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, w.server.DSN("postgres", "postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for standby := true; standby; {
		if err := conn.QueryRow(ctx, "SELECT pg_is_in_recovery()").Scan(&standby); err != nil {
			return err
		}
	}
	return nil
}

// packetsSwallowed lets nothing through, either way.
func packetsSwallowed(ctx context.Context, w *watched) error {
	w.wall.Swallow()
	defer w.wall.Pass()
	return pass(ctx, swallowed)
}

// pass lets time go by.
func pass(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
