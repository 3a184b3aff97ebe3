package collectors

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/testkit"
)

func TestWraparound(t *testing.T) {
	t.Parallel()
	everyMajor(t, func(t *testing.T, d database) {
		c := Wraparound{Server: d.watch(t, d.role(t, "plain", ""))}
		empty := collect(t, c)
		if empty.FreezeAge != 200_000_000 || empty.MultiFreezeAge != 400_000_000 || len(empty.Databases) < 4 {
			t.Errorf("empty: %+v", empty)
		}
		if len(empty.Relations) == 0 || empty.Relations[0].Schema == "" {
			t.Errorf("the catalogues have ages too: %+v", empty.Relations)
		}
		inSession(t, d, `CREATE TABLE "Old" (id int, body text)`, `INSERT INTO "Old" VALUES (1, 'x')`)
		got := collect(t, c)
		pct, ok := got.ForcedPct(got.Databases[0].Distance)
		if got.Databases[0].XIDAge <= 0 || !ok || pct <= 0 || pct >= 100 {
			t.Errorf("databases: %+v, %v %v", got.Databases, pct, ok)
		}
		for i, r := range got.Relations {
			if i > 0 && max(r.XIDAge, r.MXIDAge) > max(got.Relations[i-1].XIDAge, got.Relations[i-1].MXIDAge) {
				t.Errorf("relation %d is older than the one before: %+v", i, r)
			}
		}
	})
}

func TestSequences(t *testing.T) {
	t.Parallel()
	everyMajor(t, func(t *testing.T, d database) {
		role := d.role(t, "monitor", "pg_monitor")
		plain, super := Sequences{Server: d.watch(t, role)}, Sequences{Server: d.watch(t, "postgres")}
		if got := collect(t, plain); len(got.Rows) != 0 || got.Hidden != "" {
			t.Fatalf("an empty database has the sequences %+v", got)
		}
		inSession(t, d,
			`CREATE SEQUENCE "Big"`,
			`CREATE TABLE narrow (id int PRIMARY KEY DEFAULT nextval('"Big"'))`,
			`ALTER SEQUENCE "Big" OWNED BY narrow.id`,
			`SELECT setval('"Big"', 1610612736)`, // three quarters of int
			"CREATE TABLE fresh (id smallserial)",
			"CREATE SEQUENCE down INCREMENT -2 MINVALUE -1000 MAXVALUE -1", "SELECT setval('down', -500)",
			"CREATE SEQUENCE round MAXVALUE 10 CYCLE")
		got := collect(t, super)
		if len(got.Rows) != 3 || got.Hidden != "" {
			t.Fatalf("got %+v", got)
		}
		big := got.Rows[0]
		if pct, ok := big.UsedPct(); !ok || pct < 74.9 || pct > 75.1 || !big.NarrowColumn() ||
			big.Table != "public.narrow" || big.Column != "id" || big.ColumnType != "integer" || big.Type != "bigint" {
			t.Errorf("big: %+v, %v %v", big, pct, ok)
		}
		if left, ok := got.Rows[1].Left(); !ok || left != 250 {
			t.Errorf("down: %+v, left %v", got.Rows[1], left)
		}
		if pct, ok := got.Rows[2].UsedPct(); !ok || pct != 0 || got.Rows[2].NarrowColumn() {
			t.Errorf("fresh: %+v, %v %v", got.Rows[2], pct, ok)
		}
		openUp(t, d, collect(t, plain).Hidden, "GRANT SELECT ON ALL SEQUENCES IN SCHEMA ")
		if got := collect(t, plain); got.Hidden != "" || got.Rows[0].Last == nil || *got.Rows[0].Last != 1610612736 {
			t.Errorf("after the grant: %+v", got)
		}
		testkit.Exec(t, d.admin(t), "DROP OWNED BY "+role)
	})
}

// openUp expects a hint with a grant, and runs it.
func openUp(t *testing.T, d database, hidden, grant string) {
	t.Helper()
	at := strings.Index(hidden, grant)
	if at < 0 {
		t.Fatalf("hidden is %q, without %q", hidden, grant)
	}
	testkit.Exec(t, d.admin(t), hidden[at:])
}

func TestBloat(t *testing.T) {
	t.Parallel()
	everyMajor(t, func(t *testing.T, d database) {
		role := d.role(t, "monitor", "pg_monitor")
		plain, super := Bloat{Server: d.watch(t, role)}, Bloat{Server: d.watch(t, "postgres")}
		if got := collect(t, plain); len(got.Rows) != 0 || got.Hidden != "" {
			t.Fatalf("an empty database has bloat: %+v", got)
		}
		inSession(t, d,
			`CREATE SCHEMA "My Shop"`, `CREATE TABLE "My Shop"."Big" (id int, body text) WITH (autovacuum_enabled = off)`,
			`INSERT INTO "My Shop"."Big" SELECT g, repeat('x', 100) FROM generate_series(1, 20000) g`,
			`DELETE FROM "My Shop"."Big" WHERE id % 5 < 2`,
			"CREATE TABLE never (id int)", "INSERT INTO never VALUES (1)")
		inSession(t, d, `VACUUM ANALYZE "My Shop"."Big"`)
		got := collect(t, super)
		if len(got.Rows) != 2 || got.Hidden != "" || got.Unestimated != 1 {
			t.Fatalf("got %+v", got)
		}
		pct, ok := got.Rows[0].Pct()
		if !ok || pct < 35 || pct > 45 {
			t.Errorf("two fifths of the rows are gone, the estimate is %v %v of %+v", pct, ok, got.Rows[0])
		}
		seen := collect(t, plain)
		if seen.Rows[0].BloatBytes != nil || seen.Facts()[0].Known {
			t.Errorf("without the right: %+v", seen)
		}
		openUp(t, d, seen.Hidden, "GRANT SELECT ON ALL TABLES IN SCHEMA ")
		if got := collect(t, plain); got.Hidden != "" || got.Rows[0].BloatBytes == nil {
			t.Errorf("after the grant: %+v", got)
		}
		testkit.Exec(t, d.admin(t), `ALTER TABLE "My Shop"."Big" ENABLE ROW LEVEL SECURITY`)
		if got := collect(t, plain); got.Hidden != "row-level security hides the statistics of My Shop.Big from role "+role {
			t.Errorf("behind row-level security: %+v", got)
		}
		testkit.Exec(t, d.admin(t), "DROP OWNED BY "+role)
	})
}

func TestIndexes(t *testing.T) {
	t.Parallel()
	everyMajor(t, func(t *testing.T, d database) {
		c := Indexes{Server: d.watch(t, d.role(t, "monitor", "pg_monitor"))}
		if got := collect(t, c); len(got.Rows) != 0 || len(got.Missing) != 0 {
			t.Fatalf("an empty database has the indexes %+v", got)
		}
		inSession(t, d,
			"CREATE TABLE parents (id int PRIMARY KEY)",
			`CREATE TABLE "Child" (id int PRIMARY KEY, parent int REFERENCES parents, a int, b int)`,
			`INSERT INTO parents VALUES (1)`, `INSERT INTO "Child" VALUES (1, 1, 7, 7), (2, 1, 7, 8)`,
			`CREATE INDEX lone ON "Child" (b)`, `CREATE INDEX twin1 ON "Child" (a, b)`, `CREATE INDEX twin2 ON "Child" (a, b)`,
			`CREATE INDEX short ON "Child" (a)`)
		if _, err := d.admin(t).Exec(t.Context(), `CREATE UNIQUE INDEX CONCURRENTLY broken ON "Child" (a)`); err == nil {
			t.Fatal("the index with a twice was made")
		}
		got := collect(t, c)
		want := map[string]model.Problem{
			"public.broken": model.InvalidIndex, "public.twin2": model.TwinIndex, "public.twin1": model.UnusedIndex,
			"public.short": model.CoveredIndex, "public.lone": model.UnusedIndex,
			"public.parents_pkey": model.HealthyIndex, "public.Child_pkey": model.HealthyIndex,
		}
		checkProblems(t, got, want)
		if len(got.Missing) != 1 || got.Missing[0].Table != "public.Child" || !slices.Equal(got.Missing[0].Columns, []string{"parent"}) ||
			got.Missing[0].RefersTo != "public.parents" {
			t.Errorf("missing: %+v", got.Missing)
		}
		if f := got.Facts()[0]; !f.Known || f.Value != 1 {
			t.Errorf("invalid: %+v", f)
		}
		plain := collect(t, Indexes{Server: d.watch(t, d.role(t, "plain", ""))})
		if f := plain.Facts()[0]; f.Known || !strings.Contains(f.Why, "GRANT pg_monitor") {
			t.Errorf("to a role that does not see builds: %+v", f)
		}
		checkBuild(t, d, c)
	})
}

func checkProblems(t *testing.T, got model.Indexes, want map[string]model.Problem) {
	t.Helper()
	for _, i := range got.Rows {
		if i.Problem() != want[i.FullName()] {
			t.Errorf("%s is a case of %d, want %d: %+v", i.FullName(), i.Problem(), want[i.FullName()], i)
		}
		delete(want, i.FullName())
	}
	if len(want) > 0 {
		t.Errorf("not listed: %v", want)
	}
}

// checkBuild says that an index under way is not taken for a broken one.
func checkBuild(t *testing.T, d database, c Indexes) {
	t.Helper()
	reader, builder := d.admin(t), d.admin(t)
	testkit.Exec(t, reader, "BEGIN", `INSERT INTO parents VALUES (2)`)
	background(t, builder, "CREATE INDEX CONCURRENTLY slow ON parents (id)")
	testkit.Until(t, 10*time.Second, "the build to be told", func(context.Context) bool {
		return slices.ContainsFunc(collect(t, c).Rows, func(i model.Index) bool {
			return i.Name == "slow" && i.BuiltBy == pidOf(builder) && !i.Broken()
		})
	})
}

// Partitions: an index of a partitioned table is needed by its parts.
func TestIndexesOfPartitions(t *testing.T) {
	t.Parallel()
	everyMajor(t, func(t *testing.T, d database) {
		inSession(t, d,
			"CREATE TABLE parts (day date, v int) PARTITION BY RANGE (day)",
			"CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
			"CREATE INDEX parts_day ON parts (day)", "CREATE INDEX parts_day_v ON parts (day, v)", "CREATE INDEX own ON parts_1 (v)")
		got := collect(t, Indexes{Server: d.watch(t, d.role(t, "monitor", "pg_monitor"))})
		checkProblems(t, got, map[string]model.Problem{
			"public.parts_1_day_idx": model.CoveredIndex, "public.parts_1_day_v_idx": model.HealthyIndex, "public.own": model.UnusedIndex,
		})
	})
}
