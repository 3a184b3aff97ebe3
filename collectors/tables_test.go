package collectors

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tocsin/internal/model"
	"tocsin/internal/testkit"
)

func TestTables(t *testing.T) {
	t.Parallel()
	everyMajor(t, func(t *testing.T, d database) {
		c := &Tables{Server: d.watch(t, d.role(t, "plain", ""))}
		if got := collect(t, c); len(got.Rows) != 0 {
			t.Fatalf("an empty database has the tables %v", got.Rows)
		}
		inSession(t, d,
			"CREATE TABLE small (id int)",
			`CREATE TABLE "Big" (id int PRIMARY KEY, body text) WITH (autovacuum_enabled = off)`,
			`INSERT INTO "Big" SELECT g, repeat('x', 100) FROM generate_series(1, 20000) g`,
			"CREATE MATERIALIZED VIEW seen AS SELECT 1")
		inSession(t, d, `VACUUM ANALYZE "Big"`)
		inSession(t, d, `DELETE FROM "Big" WHERE id <= 8000`)
		// A lock on the table must not hold us up.
		testkit.Exec(t, d.admin(t), "BEGIN", `LOCK "Big"`)
		var got model.Tables
		testkit.Until(t, 10*time.Second, "dead rows to be counted", func(context.Context) bool {
			got = collect(t, c)
			return got.Rows[0].Dead == 8000
		})
		if len(got.Rows) != 3 {
			t.Errorf("tables: %v", got.Rows)
		}
		big := got.Rows[0]
		want := model.Table{Schema: "public", Name: "Big", Live: 12000, Dead: 8000, AutovacuumOff: true}
		if diff := cmp.Diff(want, big, cmpopts.IgnoreFields(model.Table{}, "OID", "HeapBytes", "IndexBytes", "ToastBytes",
			"SeqScans", "SeqRows", "IdxScans", "ModSince", "XIDAge", "MXIDAge", "Due", "LastVacuum", "LastAnalyze")); diff != "" {
			t.Error(diff)
		}
		if big.OID == 0 || big.HeapBytes < 2<<20 || big.IndexBytes < 100<<10 || big.LastVacuum == nil || big.LastAnalyze == nil || big.ModSince != 8000 {
			t.Errorf("big: %+v", big)
		}
		if pct, ok := big.DeadPct(); !ok || pct != 40 {
			t.Errorf("dead: %v %v", pct, ok)
		}
	})
}

// inSession runs statements and ends the session: that is when it hands in its
// counters, before 15 to another process. It waits for that, lest they come
// after what the next session counts anew.
func inSession(t *testing.T, d database, statements ...string) {
	t.Helper()
	conn, watcher := d.admin(t), d.admin(t)
	testkit.Exec(t, conn, statements...)
	pid := conn.PgConn().PID()
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	testkit.Until(t, 10*time.Second, "the session to be over", func(context.Context) bool {
		return testkit.One[int](t, watcher, "SELECT count(*) FROM pg_stat_activity WHERE pid = $1", pid) == 0
	})
	if err := watcher.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Partitions are read one by one and told as the table they belong to.
func TestTablesOfPartitions(t *testing.T) {
	t.Parallel()
	everyMajor(t, func(t *testing.T, d database) {
		inSession(t, d,
			`CREATE TABLE "Parts" (day date, v int) PARTITION BY RANGE (day)`,
			`CREATE TABLE parts_1 PARTITION OF "Parts" FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY RANGE (v)`,
			"CREATE TABLE parts_1_1 PARTITION OF parts_1 FOR VALUES FROM (0) TO (10000) WITH (autovacuum_enabled = off)",
			`CREATE TABLE parts_2 PARTITION OF "Parts" FOR VALUES FROM ('2027-01-01') TO ('2028-01-01') WITH (autovacuum_vacuum_scale_factor = 0)`,
			"CREATE TABLE plain (id int)",
			`INSERT INTO "Parts" SELECT '2026-05-05', g FROM generate_series(1, 5000) g`,
			`INSERT INTO "Parts" SELECT '2027-05-05', g FROM generate_series(1, 3000) g`)
		inSession(t, d, `ANALYZE "Parts"`, "ANALYZE parts_1_1", "ANALYZE parts_2")
		c := &Tables{Server: d.watch(t, d.role(t, "plain", ""))}
		var got model.Tables
		testkit.Until(t, 10*time.Second, "the rows to be counted", func(context.Context) bool {
			got = collect(t, c)
			return len(got.Rows) == 3 && got.Whole()[0].Live == 8000
		})
		whole := got.Whole()
		if len(whole) != 2 || whole[0].FullName() != "public.Parts" || whole[0].Parts != 2 || whole[0].Bytes() == 0 || !whole[0].AutovacuumOff {
			t.Errorf("whole: %+v", whole)
		}
		for _, part := range got.PartsOf(whole[0].OID) {
			want := int64(-1) // turned off
			if part.Name == "parts_2" {
				want = 50
			}
			if part.Due[0].What != "vacuum" || part.Due[0].At != want {
				t.Errorf("%s: %+v", part.Name, part.Due)
			}
		}
	})
}

func TestLargestTables(t *testing.T) {
	rows := []model.Table{{Name: "a", HeapBytes: 9}, {Name: "b", HeapBytes: 5}, {Name: "c", HeapBytes: 2, IndexBytes: 1}}
	got := largest(rows, 1)
	if diff := cmp.Diff(model.Tables{Rows: rows[:1], More: 2, MoreBytes: 8}, got); diff != "" || got.Total() != 17 {
		t.Errorf("total %d (-want +got):\n%s", got.Total(), diff)
	}
	if got := largest(rows, 3); len(got.Rows) != 3 || got.More != 0 {
		t.Errorf("got %+v", got)
	}
}
