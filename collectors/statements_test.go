package collectors

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/model"
	"tocsin/internal/pg"
	"tocsin/internal/testkit"
)

func TestStatements(t *testing.T) {
	t.Parallel()
	everyMajor(t, func(t *testing.T, d database) {
		c := d.statements(t, d.role(t, "watch", "pg_monitor"))
		conn := d.admin(t)
		testkit.Exec(t, conn, "CREATE TABLE work (id int)")
		for range 7 {
			testkit.Exec(t, conn, "INSERT INTO work SELECT generate_series(1, 10)")
		}
		got := collect(t, c)
		if got.Elapsed <= 0 || got.Hidden != "" || got.NoTexts != "" || got.Evicted {
			t.Errorf("head: %s, hidden %q, no texts %q, evicted %v", got.Elapsed, got.Hidden, got.NoTexts, got.Evicted)
		}
		row := find(t, got, "INSERT INTO work SELECT generate_series($1, $2)")
		if row.Calls != 7 || row.Rows != 70 || row.Total <= 0 || row.Share <= 0 || row.WALBytes == 0 || row.Hits == 0 || !row.TopLevel {
			t.Errorf("row: %+v", row)
		}
		// What did not run meanwhile is no row any more, and texts stay known.
		testkit.Exec(t, conn, "INSERT INTO work SELECT generate_series(1, 10)")
		again := collect(t, c)
		if row := find(t, again, "INSERT INTO work SELECT generate_series($1, $2)"); row.Calls != 1 {
			t.Errorf("row: %+v", row)
		}
		for _, row := range again.Rows {
			if strings.HasPrefix(row.Text, "CREATE TABLE") {
				t.Errorf("row: %+v", row)
			}
		}
	})
}

func find(t *testing.T, s model.Statements, text string) model.Statement {
	t.Helper()
	for _, row := range s.Rows {
		if row.Text == text {
			return row
		}
	}
	t.Fatalf("no statement %q in %d rows", text, len(s.Rows))
	return model.Statement{}
}

func TestStatementsOfPlainRole(t *testing.T) {
	t.Parallel()
	everyMajor(t, func(t *testing.T, d database) {
		plain := d.role(t, "plain", "")
		c := d.statements(t, plain)
		testkit.Exec(t, d.admin(t), "SELECT 'not ours'")
		got := collect(t, c)
		if !strings.Contains(got.Hidden, "GRANT pg_monitor") {
			t.Errorf("hidden: %q", got.Hidden)
		}
		for _, row := range got.Rows {
			if strings.Contains(row.Text, "insufficient privilege") {
				t.Errorf("row: %+v", row)
			}
		}
	})
}

func TestStatementsMissing(t *testing.T) {
	t.Parallel()
	everyMajor(t, func(t *testing.T, d database) {
		fail := failure(t, &Statements{Server: d.watch(t, "postgres")})
		if fail.Class != model.Missing || !strings.Contains(fail.Hint, "CREATE EXTENSION pg_stat_statements") {
			t.Errorf("got %+v", fail)
		}
	})
}

func TestStatementsNotPreloaded(t *testing.T) {
	t.Parallel()
	p := testkit.Postgres(t, localOptions("shared_preload_libraries", ""))
	d := database{server: p, name: "postgres"}
	testkit.Exec(t, d.admin(t), `CREATE SCHEMA "Ext"`, `CREATE EXTENSION pg_stat_statements SCHEMA "Ext"`)
	fail := failure(t, &Statements{Server: d.watch(t, "postgres")})
	if fail.Class != model.Missing || !strings.Contains(fail.Hint, "shared_preload_libraries") {
		t.Errorf("got %+v", fail)
	}
}

// What a role is told opens the statements to it one after the other, on the
// connection that is there and soon.
func TestStatementsOpenUp(t *testing.T) {
	t.Parallel()
	server := servers.PostgresMajor(t, 16)
	d := database{server: server, name: servers.Database(t, server)}
	admin := d.admin(t)
	testkit.Exec(t, admin, `CREATE SCHEMA "My Ext"`, `CREATE EXTENSION pg_stat_statements SCHEMA "My Ext" VERSION '1.7'`)
	plain := d.role(t, "plain", "")
	c := &Statements{Server: d.watch(t, plain)}
	for _, want := range []model.Fail{
		{Class: model.Missing, Hint: "ALTER EXTENSION pg_stat_statements UPDATE"},
		{Class: model.Denied, Hint: `GRANT USAGE ON SCHEMA "My Ext" TO "` + plain + `"`},
	} {
		var fail *model.Fail
		testkit.Until(t, 10*time.Second, want.Hint, func(context.Context) bool {
			fail = failure(t, c)
			return fail.Hint == want.Hint
		})
		if fail.Class != want.Class {
			t.Errorf("got %+v", fail)
		}
		testkit.Exec(t, admin, fail.Hint)
	}
	var got model.Statements
	testkit.Until(t, 10*time.Second, "the statements", func(ctx context.Context) bool {
		var err error
		got, err = c.Collect(ctx)
		return err == nil
	})
	openUp(t, d, got.Hidden, "GRANT pg_monitor TO ")
	testkit.Until(t, 10*time.Second, "all statements", func(context.Context) bool { return collect(t, c).Hidden == "" })
	testkit.Exec(t, admin, "DROP OWNED BY "+plain)
}

// After an upgrade of the server the extension stays what it was.
func TestStatementsOfOldExtension(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"1.8", "1.9", "1.10"} {
		t.Run(version, func(t *testing.T) {
			server := servers.PostgresMajor(t, 17)
			d := database{server: server, name: servers.Database(t, server)}
			testkit.Exec(t, d.admin(t), `CREATE SCHEMA "My Ext"`,
				`CREATE EXTENSION pg_stat_statements SCHEMA "My Ext" VERSION '`+version+`'`)
			c := &Statements{Server: d.watch(t, "postgres")}
			collect(t, c)
			testkit.Exec(t, d.admin(t), "SELECT 'old'")
			if got := collect(t, c); len(got.Rows) == 0 {
				t.Error("no rows")
			}
		})
	}
}

func TestDeltas(t *testing.T) {
	t.Parallel()
	key := func(id int64) entry { return entry{Role: 10, Database: 5, ID: id, TopLevel: true} }
	prev := map[entry]counters{
		key(1): {Calls: 10, TotalMs: 100},
		key(2): {Calls: 10, TotalMs: 100, TempBlocks: 1},
		key(3): {Calls: 10, TotalMs: 100},
		key(5): {Calls: 10, TotalMs: 100},
	}
	cur := reading{head: readingHead{BlockSize: 8192}, counters: map[entry]counters{
		key(1): {Calls: 10, TotalMs: 100},                // did nothing
		key(2): {Calls: 13, TotalMs: 160, TempBlocks: 3}, // went on
		key(3): {Calls: 2, TotalMs: 20},                  // was reset
		key(4): {Calls: 1, TotalMs: 20},                  // is new
	}}
	want := []model.Statement{
		{ID: 2, Role: 10, Database: 5, TopLevel: true, Calls: 3, Total: 60 * time.Millisecond, Share: 60, TempBytes: 16384},
		{ID: 3, Role: 10, Database: 5, TopLevel: true, Calls: 2, Total: 20 * time.Millisecond, Share: 20},
		{ID: 4, Role: 10, Database: 5, TopLevel: true, Calls: 1, Total: 20 * time.Millisecond, Share: 20},
	}
	if diff := cmp.Diff(want, deltas(prev, cur)); diff != "" {
		t.Error(diff)
	}
}

func TestReadingComparable(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(seconds int, started time.Time, all bool) reading {
		return reading{
			head: readingHead{At: start.Add(time.Duration(seconds) * time.Second), Started: started},
			caps: pg.Caps{ReadStats: all},
		}
	}
	first := at(0, start, true)
	tests := []struct {
		name string
		prev *reading
		cur  reading
		want bool
	}{
		{name: "first", cur: first},
		{name: "second", prev: &first, cur: at(10, start, true), want: true},
		{name: "another server", prev: &first, cur: at(10, start.Add(time.Hour), true)},
		{name: "other rights", prev: &first, cur: at(10, start, false)},
		{name: "clock set back", prev: &first, cur: at(-10, start, true)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.prev.comparable(tt.cur); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestTextsAreFetchedSeldom(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		err     error
		took    time.Duration
		off     bool
		trouble string
	}{
		{name: "cheap", took: 20 * time.Millisecond},
		{name: "dear", took: 1300 * time.Millisecond, off: true, trouble: "texts of statements are off: reading them took 1.3 s"},
		{name: "down", took: 6 * time.Second, err: &model.Fail{Class: model.Down, Text: "no answer"}, trouble: "no answer"},
		{name: "failed", err: errors.New("no"), trouble: "no"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var x texts
			x.note(tt.err, tt.took)
			if x.off != tt.off || x.trouble != tt.trouble {
				t.Errorf("got off %v, trouble %q", x.off, x.trouble)
			}
		})
	}
}

func TestTextsRemembered(t *testing.T) {
	t.Parallel()
	var x texts
	x.remember([]int64{1, 2}, []textRow{{ID: 1, Text: "SELECT $1"}})
	rows := []model.Statement{{ID: 1}, {ID: 2}, {ID: 3}}
	if diff := cmp.Diff([]int64{3}, x.unknown(rows)); diff != "" {
		t.Error(diff)
	}
	x.at = time.Unix(1000, 0)
	x.fill(t.Context(), nil, rows, x.at.Add(59*time.Second)) // would break without a lane
	if rows[0].Text != "SELECT $1" || rows[2].Text != "" {
		t.Errorf("rows: %v", rows)
	}
}
