package actions_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/actions"
	"tocsin/internal/demo/provider"
	"tocsin/internal/testkit"
)

// TestMigrations reads what each tool keeps, with the session in a time zone
// that must not matter.
func TestMigrations(t *testing.T) {
	since := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct{ name, table, sql string }{
		{"prisma", "_prisma_migrations", `CREATE TABLE _prisma_migrations (migration_name text, finished_at timestamptz, rolled_back_at timestamptz);
			INSERT INTO _prisma_migrations VALUES ('old', '2026-05-01 11:59Z', NULL), ('new', '2026-05-01 12:30Z', NULL), ('gone', '2026-05-01 13:00Z', '2026-05-01 14:00Z'), ('runs', NULL, NULL)`},
		{"drizzle", "__drizzle_migrations", `CREATE TABLE __drizzle_migrations (hash text, created_at bigint);
			INSERT INTO __drizzle_migrations VALUES ('old', 1000), ('new', extract(epoch FROM timestamptz '2026-05-01 12:30Z') * 1000)`},
		{"knex", "knex_migrations", `CREATE TABLE knex_migrations (name text, migration_time timestamptz);
			INSERT INTO knex_migrations VALUES ('old', '2026-05-01 11:00Z'), ('new', '2026-05-01 12:30Z')`},
		{"django", "django_migrations", `CREATE TABLE django_migrations (app text, name text, applied timestamptz);
			INSERT INTO django_migrations VALUES ('shop', 'old', '2026-05-01 11:00Z'), ('shop', 'new', '2026-05-01 12:30Z')`},
		{"flyway", "flyway_schema_history", `CREATE TABLE flyway_schema_history (script text, installed_on timestamp, success bool);
			INSERT INTO flyway_schema_history VALUES ('old', '2026-05-01 11:00', true), ('new', timestamptz '2026-05-01 12:30Z', true), ('broken', '2026-05-02', false)`},
		{"versions", "schema_migrations", `CREATE TABLE schema_migrations (version text);
			INSERT INTO schema_migrations VALUES ('20260501115900'), ('20260501123000'), ('3'), ('abc')`},
		{"version numbers", "schema_migrations", `CREATE TABLE schema_migrations (version bigint, dirty bool); INSERT INTO schema_migrations VALUES (20260501123000, false)`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, servers.Postgres(t))
			for sql := range strings.SplitSeq(tt.sql, ";") {
				testkit.Exec(t, w.admin, sql)
			}
			testkit.Exec(t, w.admin, "ALTER DATABASE "+w.db+" SET TimeZone = 'Asia/Tokyo'")
			if tt.name == "flyway" { // which writes without a zone, in that of its session
				testkit.Exec(t, w.admin, "UPDATE flyway_schema_history SET installed_on = (timestamptz '2026-05-01 12:30Z') AT TIME ZONE 'Asia/Tokyo' WHERE script = 'new'")
			}
			list, from, err := actions.Migrations{Server: w.as("postgres")}.Since(t.Context(), since)
			if err != nil || !cmp.Equal(from, []string{"public." + tt.table}) {
				t.Fatalf("%v from %v", err, from)
			}
			if len(list) != 1 || !list[0].At.Equal(since.Add(30*time.Minute)) || list[0].Name == "" || strings.Contains(list[0].Name, "old") {
				t.Errorf("got %+v, want the one of 12:30Z", list)
			}
		})
	}
}

func TestMigrationsThatCannotBeRead(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	list, from, err := actions.Migrations{Server: w.as("postgres")}.Since(t.Context(), time.Now())
	if len(list)+len(from) > 0 || err != nil {
		t.Errorf("without a table: %v, %v, %v", list, from, err)
	}
	role := "watcher_" + w.db
	testkit.Exec(t, w.admin, "CREATE ROLE "+role+" LOGIN", `CREATE SCHEMA "odd schema"`, `CREATE TABLE "odd schema".knex_migrations (name text, migration_time timestamptz)`)
	_, _, err = actions.Migrations{Server: w.as(role)}.Since(t.Context(), time.Now())
	if err == nil || !strings.Contains(err.Error(), `GRANT SELECT ON "odd schema".knex_migrations TO `+role) {
		t.Errorf("without the right: %v", err)
	}
}

// A rollback across a migration is destructive and says so; one that cannot be
// told about is not hindered.
func TestRollbackAcrossMigrations(t *testing.T) {
	w := newWorld(t, servers.Postgres(t))
	p := newProject(t, provider.VercelOptions{}, 3)
	plan := func(m actions.Migrator) actions.Plan {
		d := p.deploys()
		d.Migrator = m
		got, err := newRunner(t, actions.Options{}, actions.DeployRollback(d), actions.DeployPromote(d)).Plan(t.Context(), "deploy.rollback", nil)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	here := actions.Migrations{Server: w.as("postgres")}
	got := plan(here)
	wantText(t, notesOf(got), "no table of a known migration tool is there")
	testkit.Exec(t, w.admin, "CREATE TABLE knex_migrations (name text, migration_time timestamptz)", "INSERT INTO knex_migrations VALUES ('drop_totals', '2026-01-01 02:30Z')")
	if got = plan(here); got.Danger != actions.Destructive {
		t.Errorf("across a migration: %s", got.Danger)
	}
	wantText(t, notesOf(got), "any data back: 1 migration since v2 was made, which its code may not know: drop_totals (2026-01-01 02:30Z)")
	testkit.Exec(t, w.admin, "UPDATE knex_migrations SET migration_time = '2026-01-01 01:00Z'")
	if got = plan(here); got.Danger != actions.Disruptive {
		t.Errorf("behind the migration: %s", got.Danger)
	}
	wantText(t, notesOf(got), "no migration since v2 was made (public.knex_migrations)")
	if got = plan(nil); got.Danger != actions.Disruptive {
		t.Errorf("without a database: %s", got.Danger)
	}
	wantText(t, notesOf(got), "whether it was migrated since is not known here")
}
