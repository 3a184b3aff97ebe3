package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"tocsin/internal/testkit"
)

// What only reads needs no confirmation, runs in a read-only session, prints
// what it finds and leaves no record.
func TestAFindingIsPrinted(t *testing.T) {
	s := newShop(t)
	testkit.Exec(t, s.conn, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements", "ANALYZE orders", "SELECT id FROM orders WHERE id = 7", "SELECT now() - interval '7 days'")
	id := func(text string) string {
		return "queryid=" + testkit.One[string](t, s.conn, `SELECT queryid::text FROM pg_stat_statements
WHERE query = $1 AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())`, text)
	}
	args := []string{"--config", s.config, "--readonly", "do", "pg.explain", id("SELECT id FROM orders WHERE id = $1")}
	got := run(args...)
	if got.code != exitOK || got.err != "" {
		t.Fatalf("exit %d, want 0; standard error:\n%s", got.code, got.err)
	}
	for _, line := range []string{"planned for any values and not run", "\n! public.orders is read from end to end", "\n! Seq Scan on public.orders: ", "\n      filter (orders.id = $1)\n", "\n  SELECT id FROM orders WHERE id = $1\n"} {
		if !strings.Contains(got.out, line) {
			t.Errorf("the plan lacks %q:\n%s", line, got.out)
		}
	}
	var doc doDocument
	if err := json.Unmarshal([]byte(run(append(args, "-o", "json")...).out), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Found) < 5 || !doc.Found[0].Head || !doc.Found[1].Heed || *doc.Outcome != "ok" || doc.Error != nil {
		t.Errorf("found %+v", doc.Found)
	}
	got = run("--config", s.config, "do", "pg.explain", id("SELECT now() - interval $1"))
	if got.code != exitFailed || !strings.Contains(got.err, "cannot be planned from its normalised text") || !strings.Contains(got.out, "SELECT now() - interval $1") {
		t.Errorf("exit %d, want 1 with the reason and the text:\n%s\n%s", got.code, got.err, got.out)
	}
	if entries := s.entries(t); len(entries) > 0 {
		t.Errorf("audit has %v, want nothing", phases(entries))
	}
}
