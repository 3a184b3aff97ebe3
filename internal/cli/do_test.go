package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"tocsin/internal/audit"
	"tocsin/internal/testkit"
)

// shop is a database with a table half of whose rows are dead, and the
// configuration for it.
type shop struct {
	config, state string
	conn          *pgx.Conn
	dsn           string
}

func newShop(t *testing.T) shop {
	t.Helper()
	server := servers.Postgres(t)
	dsn := server.DSN(servers.Database(t, server), "postgres")
	s := shop{conn: testkit.Connect(t, dsn), dsn: dsn}
	s.config, s.state = configFile(t, "postgres: {dsn: \""+dsn+"\"}")
	testkit.Exec(t, s.conn,
		"CREATE TABLE orders (id int) WITH (autovacuum_enabled = off)",
		"INSERT INTO orders SELECT generate_series(1, 20000)",
		"DELETE FROM orders WHERE id % 2 = 0",
	)
	testkit.Until(t, 10*time.Second, "the statistics of orders", func(context.Context) bool { return s.dead(t) > 0 })
	return s
}

// dead is the number of dead rows as the server counts them.
func (s shop) dead(t *testing.T) int64 {
	t.Helper()
	testkit.Exec(t, s.conn, "SELECT pg_stat_clear_snapshot()")
	return testkit.One[int64](t, s.conn, "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'orders'")
}

func (s shop) entries(t *testing.T) []audit.Entry {
	t.Helper()
	entries, err := audit.List(s.state)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func phases(entries []audit.Entry) []string {
	out := []string{}
	for _, e := range entries {
		out = append(out, strings.TrimSpace(string(e.Phase)+" "+e.Outcome))
	}
	return out
}

func TestAChangeNeedsItsText(t *testing.T) {
	s := newShop(t)
	tests := []struct {
		name string
		args []string
		want int
		says string // on standard error
	}{
		{"without a text", nil, exitConfirm, "needs confirmation: nothing was changed: say --yes=public.orders"},
		{"another text", []string{"--yes=orders"}, exitConfirm, `--yes gave "orders", say --yes=public.orders`},
		{"the server's name", []string{"--yes=demo"}, exitConfirm, "say --yes=public.orders"},
		{"dry run", []string{"--dry-run"}, exitOK, ""},
		{"dry run wins", []string{"--dry-run", "--yes=public.orders"}, exitOK, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := run(append([]string{"--config", s.config, "do", "pg.vacuum", "table=public.orders"}, tt.args...)...)
			if got.code != tt.want || !strings.Contains(got.err, tt.says) {
				t.Errorf("exit %d, want %d, with %q on standard error:\n%s", got.code, tt.want, tt.says, got.err)
			}
			for _, line := range []string{"Vacuum table public.orders on demo (disruptive)", "VACUUM (ANALYZE) public.orders", "--yes=public.orders"} {
				if !strings.Contains(got.out, line) {
					t.Errorf("the plan lacks %q:\n%s", line, got.out)
				}
			}
		})
	}
	if dead := s.dead(t); dead != 10000 {
		t.Errorf("%d dead rows, want all 10000 still there", dead)
	}
	if entries := s.entries(t); len(entries) > 0 {
		t.Errorf("audit has %v, want nothing: nothing was begun", phases(entries))
	}
}

func TestAConfirmedChangeIsMadeRecordedAndVerified(t *testing.T) {
	s := newShop(t)
	got := run("--config", s.config, "do", "pg.vacuum", "table=public.orders", "--yes=public.orders", "--reason", "half of it is dead", "-o", "json")
	if got.code != exitOK || got.err != "" {
		t.Fatalf("exit %d, want 0; standard error:\n%s", got.code, got.err)
	}
	var doc doDocument
	if err := json.Unmarshal([]byte(got.out), &doc); err != nil {
		t.Fatalf("%v in\n%s", err, got.out)
	}
	if doc.Outcome == nil || *doc.Outcome != "ok" || *doc.Verdict != "helped" || doc.Error != nil {
		t.Errorf("document says %s", got.out)
	}
	if dead := s.dead(t); dead != 0 {
		t.Errorf("%d dead rows, want none", dead)
	}
	entries := s.entries(t)
	if diff := cmp.Diff([]string{"intent", "result ok", "effect"}, phases(entries)); diff != "" {
		t.Fatalf("audit (-want +got):\n%s", diff)
	}
	if e := entries[0]; e.Reason != "half of it is dead" || e.Params["table"] != "public.orders" || e.ID != *doc.Audit {
		t.Errorf("intent is %+v", e)
	}
	list := run("--config", s.config, "audit", "list", "-n", "2")
	if list.code != exitOK || strings.Count(list.out, "\n") != 3 || !strings.Contains(list.out, "vacuumed in") {
		t.Errorf("audit list -n 2 gave %d and\n%s", list.code, list.out)
	}
	if other := run("--config", s.config, "--target", "other", "audit", "list"); other.out != "" {
		t.Errorf("the entries of another target are\n%s", other.out)
	}
}

func TestVerifyNoticesEveryTampering(t *testing.T) {
	s := newShop(t)
	if got := run("--config", s.config, "do", "pg.vacuum", "table=public.orders", "--yes=public.orders"); got.code != exitOK {
		t.Fatalf("exit %d: %s", got.code, got.err)
	}
	verify := func() said { return run("--config", s.config, "audit", "verify") }
	if got := verify(); got.code != exitOK || !strings.HasPrefix(got.out, "intact: 3 lines in "+s.state+"\nhash: ") {
		t.Fatalf("untouched: exit %d and\n%s", got.code, got.out)
	}
	path := filepath.Join(s.state, "audit.jsonl")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"one byte", bytes.Replace(whole, []byte("public.orders"), []byte("public.0rders"), 1), "BROKEN at line 1: it was edited"},
		{"first line cut", bytes.Join(lines[1:], nil), "BROKEN at line 1: lines 1 to 1 were cut"},
		{"last line cut", bytes.Join(lines[:2], nil), "BROKEN at line 3: the tail was cut"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := os.WriteFile(path, tt.data, 0o600); err != nil {
				t.Fatal(err)
			}
			if got := verify(); got.code != exitFailed || !strings.Contains(got.out, tt.want) || !strings.Contains(got.out, "hash: ") {
				t.Errorf("exit %d, want 1 and %q:\n%s", got.code, tt.want, got.out)
			}
		})
	}
}

func TestARefusalSaysWhy(t *testing.T) {
	s := newShop(t)
	testkit.Exec(t, s.conn, "CREATE ROLE guest LOGIN", "CREATE ROLE guest_boss", "ALTER TABLE public.orders OWNER TO guest_boss")
	t.Cleanup(func() {
		_, _ = s.conn.Exec(context.Background(), "ALTER TABLE public.orders OWNER TO postgres; DROP ROLE guest, guest_boss")
	})
	dsn := strings.Replace(s.dsn, "postgres@", "guest@", 1)
	if dsn == s.dsn {
		dsn = s.dsn + " user=guest"
	}
	config, state := configFile(t, "postgres: {dsn: \""+dsn+"\"}")
	for _, flag := range []string{"--yes=public.orders", "--dry-run"} {
		got := run("--config", config, "do", "pg.vacuum", "table=public.orders", flag)
		if got.code != exitFailed || !strings.Contains(got.err, "role guest may not vacuum public.orders") || !strings.Contains(got.err, "GRANT ") || !strings.HasSuffix(strings.TrimSpace(got.err), " TO guest") {
			t.Errorf("%s: exit %d, want 1 with the grant:\n%s", flag, got.code, got.err)
		}
	}
	entries, err := audit.List(state)
	if err != nil || len(entries) != 1 || entries[0].Outcome != "refused" {
		t.Errorf("audit has %v, want the refusal once (%v)", phases(entries), err)
	}
	if got := run("--config", s.config, "do", "pg.vacuum", "table=public.nothing", "--yes=public.nothing"); got.code != exitFailed {
		t.Errorf("a table that is not there: exit %d, want 1", got.code)
	}
}

func TestSignals(t *testing.T) {
	tests := []struct {
		name   string
		signal syscall.Signal
		code   int
		ending string
		detail string
	}{
		{"Ctrl-C asks it to stop", syscall.SIGINT, 130, "cancelled", ""},
		{"TERM leaves it running", syscall.SIGTERM, 143, "unknown", "left running"},
		{"a hang-up leaves it running", syscall.SIGHUP, 129, "unknown", "left running"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newShop(t)
			// A vacuum waits for this lock, so that there is something to interrupt.
			testkit.Exec(t, s.conn, "BEGIN", "LOCK TABLE orders IN SHARE MODE")
			cmd := exec.CommandContext(t.Context(), "tocsin", "--config", s.config, "do", "pg.vacuum", "table=public.orders", "--yes=public.orders")
			var errs bytes.Buffer
			cmd.Stderr = &errs
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			other := testkit.Connect(t, s.dsn)
			testkit.Until(t, 20*time.Second, "the vacuum to wait", func(context.Context) bool {
				return testkit.One[bool](t, other, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'VACUUM%' AND wait_event_type = 'Lock' AND datname = current_database())")
			})
			if err := cmd.Process.Signal(tt.signal); err != nil {
				t.Fatal(err)
			}
			var failed *exec.ExitError
			if err := cmd.Wait(); !errors.As(err, &failed) || failed.ExitCode() != tt.code {
				t.Errorf("ended with %v, want exit code %d\n%s", err, tt.code, errs.String())
			}
			entries := s.entries(t)
			if diff := cmp.Diff([]string{"intent", "result " + tt.ending}, phases(entries)); diff != "" {
				t.Fatalf("audit (-want +got):\n%s", diff)
			}
			if detail := entries[1].Detail; !strings.Contains(detail, tt.detail) {
				t.Errorf("the result says %q, want %q", detail, tt.detail)
			}
		})
	}
}
