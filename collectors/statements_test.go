package collectors

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/local"
	"tocsin/internal/model"
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
		if len(again.Past) != 2 {
			t.Errorf("%d steps are remembered, want 2", len(again.Past))
		}
		for _, row := range again.Rows {
			if strings.HasPrefix(row.Text, "CREATE TABLE") {
				t.Errorf("row: %+v", row)
			}
		}
	})
}

// What is counted since an earlier reading is what was done since, whatever was
// read in between; and a reset is noticed on every version.
func TestStatementsSince(t *testing.T) {
	t.Parallel()
	everyMajor(t, func(t *testing.T, d database) {
		c := d.statements(t, "postgres")
		conn := d.admin(t)
		testkit.Exec(t, conn, "CREATE TABLE work (id int)", "INSERT INTO work SELECT generate_series(1, 10)")
		mark := collect(t, c).Counts
		for range 3 {
			testkit.Exec(t, conn, "INSERT INTO work SELECT generate_series(1, 10)")
			collect(t, c)
		}
		now := collect(t, c)
		since, void := now.Since(mark)
		if void != "" || since.Elapsed <= 0 || since.Elapsed != now.Counts.At.Sub(mark.At) {
			t.Fatalf("void %q, elapsed %s", void, since.Elapsed)
		}
		row := find(t, since, "INSERT INTO work SELECT generate_series($1, $2)")
		if row.Calls != 3 || row.Rows != 30 || now.Names.Databases[row.Database] != d.name || now.Names.Roles[row.Role] != "postgres" {
			t.Errorf("row %+v of %v", row, now.Names)
		}
	})
}

// A reset of the counters ends what a mark can tell. The servers are the tests'
// own: it is felt in all of their databases.
func TestStatementsReset(t *testing.T) {
	t.Parallel()
	for _, major := range []int{13, 18} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			d := database{server: testkit.PostgresMajor(t, major, local.PostgresOptions{}), name: "postgres", major: major}
			c := d.statements(t, "postgres")
			conn := d.admin(t)
			for range 100 {
				testkit.Exec(t, conn, "SELECT 'before'")
			}
			mark := collect(t, c).Counts
			testkit.Exec(t, conn, "SELECT pg_stat_statements_reset()", "SELECT 'after'")
			now := collect(t, c)
			if _, void := now.Since(mark); void != "the statistics of statements were reset since" {
				t.Errorf("void: %q", void)
			}
			// The readings after it count on.
			testkit.Exec(t, conn, "SELECT 'after'")
			if again := collect(t, c); again.Elapsed <= 0 || len(again.Rows) == 0 {
				t.Errorf("elapsed %s, %d rows", again.Elapsed, len(again.Rows))
			}
		})
	}
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

func TestTextsAreFetchedSeldom(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		err     error
		took    time.Duration
		off     bool
		trouble string
		pause   time.Duration
	}{
		{name: "cheap", took: 20 * time.Millisecond, pause: 10 * time.Second},
		{name: "some time", took: 300 * time.Millisecond, pause: 30 * time.Second},
		{name: "dear", pause: time.Minute, took: 1300 * time.Millisecond, off: true, trouble: "texts of statements are off: reading them took 1.3 s"},
		{name: "down", pause: time.Minute, took: 6 * time.Second, err: &model.Fail{Class: model.Down, Text: "no answer"}, trouble: "no answer"},
		{name: "failed", pause: time.Minute, err: errors.New("no"), trouble: "no"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var x texts
			x.note(tt.err, tt.took)
			if x.off != tt.off || x.trouble != tt.trouble || x.pause != tt.pause {
				t.Errorf("got off %v, trouble %q, pause %s", x.off, x.trouble, x.pause)
			}
		})
	}
}

func TestTextsRemembered(t *testing.T) {
	t.Parallel()
	var x texts
	row := func(id int64) model.Statement { return model.Statement{StatementID: model.StatementID{ID: id}} }
	x.remember([]int64{1, 2}, []textRow{{ID: 1, Text: "SELECT $1"}})
	before := x.known
	rows := []model.Statement{row(1), row(2), row(3)}
	x.at, x.pause = time.Unix(1000, 0), time.Minute
	x.fill(t.Context(), nil, rows, x.at.Add(59*time.Second)) // would break without a lane
	if rows[0].Text != "SELECT $1" || rows[2].Text != "" {
		t.Errorf("rows: %v", rows)
	}
	// What took time for one reading alone is asked for by the next fetch.
	x.fill(t.Context(), nil, []model.Statement{row(4)}, x.at.Add(59*time.Second))
	if diff := cmp.Diff(map[int64]bool{3: true, 4: true}, x.wanted); diff != "" {
		t.Error(diff)
	}
	x.remember([]int64{3}, nil)
	if _, changed := before[3]; changed || len(x.wanted) != 0 {
		t.Errorf("what was published has changed to %v; wanted: %v", before, x.wanted)
	}
}

func TestPastIsBounded(t *testing.T) {
	t.Parallel()
	var s Statements
	between := model.Statements{Counts: &model.StatementCounts{}, Rows: make([]model.Statement, tickRows+1)}
	s.remember(between)
	first := s.past
	for range 2 * ticksKept {
		s.remember(between)
	}
	if len(first) != 1 || len(s.past) != ticksKept || len(s.past[0].Rows) != tickRows || !s.past[0].Rest {
		t.Errorf("%d and %d steps of %d rows", len(first), len(s.past), len(s.past[0].Rows))
	}
}
