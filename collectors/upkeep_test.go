package collectors

import (
	"context"
	"testing"
	"time"

	"tocsin/internal/local"
	"tocsin/internal/model"
	"tocsin/internal/testkit"
)

func TestHorizon(t *testing.T) {
	everyMajor(t, func(t *testing.T, d database) {
		c := Horizon{Server: d.watch(t, d.role(t, "plain", ""))}
		old := d.admin(t)
		testkit.Exec(t, old, "SET application_name = 'report'", "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT 1")
		admin := d.admin(t)
		for range 5 {
			testkit.Exec(t, admin, "SELECT pg_current_xact_id()")
		}
		for _, row := range collect(t, c).Rows {
			if row.PID == pidOf(old) {
				if row.Kind != "session" || row.Name != "report" || row.Database != d.name || row.XminAge < 5 {
					t.Errorf("holder: %+v", row)
				}
				return
			}
		}
		t.Error("the old snapshot is not listed")
	})
}

func TestProgress(t *testing.T) {
	everyMajor(t, func(t *testing.T, d database) {
		c := Progress{Server: d.watch(t, d.role(t, "watch", "pg_monitor"))}
		admin := d.admin(t)
		testkit.Exec(t, admin, `CREATE TABLE "Big" AS SELECT g FROM generate_series(1, 10000) g`)
		reader, builder := d.admin(t), d.admin(t)
		testkit.Exec(t, reader, "BEGIN", `INSERT INTO "Big" VALUES (0)`)
		background(t, builder, `CREATE INDEX CONCURRENTLY ON "Big" (g)`)
		var got model.Operation
		testkit.Until(t, 10*time.Second, "the index to be listed", func(context.Context) bool {
			for _, row := range collect(t, c).Rows {
				if row.PID == pidOf(builder) && row.Note != "" {
					got = row
					return true
				}
			}
			return false
		})
		if got.Kind != "CREATE INDEX CONCURRENTLY" || got.Relation != "public.Big" || got.Database != d.name || got.Total != 1 ||
			got.Unit != "sessions" || got.BackendStart.IsZero() || got.Running == nil {
			t.Errorf("operation: %+v", got)
		}
	})
}

// A vacuum that is slowed down is seen under way.
func TestProgressOfVacuum(t *testing.T) {
	t.Parallel()
	everyMajor(t, func(t *testing.T, d database) {
		c := Progress{Server: d.watch(t, "postgres")}
		slow := d.admin(t)
		testkit.Exec(t, slow, "CREATE TABLE big AS SELECT g FROM generate_series(1, 100000) g", "SET vacuum_cost_delay = 50", "SET vacuum_cost_limit = 50")
		background(t, slow, "VACUUM big")
		testkit.Until(t, 10*time.Second, "the vacuum to be listed", func(context.Context) bool {
			for _, row := range collect(t, c).Rows {
				if pct, ok := row.Pct(); row.PID == pidOf(slow) && ok && row.Kind == "VACUUM" && row.Relation == "public.big" && pct < 100 {
					return true
				}
			}
			return false
		})
	})
}

func TestArchiver(t *testing.T) {
	t.Parallel()
	server := testkit.Postgres(t, local.PostgresOptions{Settings: map[string]string{"archive_mode": "on", "archive_command": "false"}})
	d := database{server: server, name: "postgres"}
	c := Archiver{Server: d.watch(t, "postgres")}
	if collect(t, c).Failing() {
		t.Error("failing before anything was archived")
	}
	testkit.Exec(t, d.admin(t), "SELECT pg_switch_wal()")
	testkit.Until(t, 15*time.Second, "archiving to fail", func(context.Context) bool {
		got := collect(t, c)
		return got.Failing() && got.LastFailed != "" && got.Ready != nil && *got.Ready > 0
	})
}
