package collectors

import (
	"context"
	"strings"
	"testing"
	"time"

	"tocsin/internal/local"
	"tocsin/internal/model"
	"tocsin/internal/testkit"
)

func TestDatabases(t *testing.T) {
	everyMajor(t, func(t *testing.T, d database) {
		c := &Databases{Server: d.watch(t, d.role(t, "plain", ""))}
		if first := collect(t, c); first.Elapsed != 0 || len(first.Rows) < 4 {
			t.Errorf("first reading: %+v", first)
		}
		inSession(t, d, "CREATE TABLE big AS SELECT g, repeat('x', 200) AS body FROM generate_series(1, 20000) g",
			"SET work_mem = '64kB'", "SELECT * FROM big ORDER BY body, g DESC LIMIT 1 OFFSET 19999", "BEGIN", "SELECT 1", "ROLLBACK")
		seen := model.DatabaseCounts{}
		testkit.Until(t, 10*time.Second, "the work to be counted", func(context.Context) bool {
			for _, row := range collect(t, c).Rows {
				if row.Name == d.name {
					seen.Commits += row.Now.Commits
					seen.Rollbacks += row.Now.Rollbacks
					seen.Hits += row.Now.Hits
					seen.TempBytes += row.Now.TempBytes
				}
			}
			return seen.Commits >= 2 && seen.Rollbacks >= 1 && seen.Hits > 0 && seen.TempBytes > 0
		})
	})
}

func TestDatabasesAfterReset(t *testing.T) {
	t.Parallel()
	c := &Databases{last: map[int64]model.DatabaseCounts{5: {Commits: 100}}}
	got := c.database(databaseRow{ID: 5, DatabaseCounts: model.DatabaseCounts{Commits: 7}})
	if !got.Reset || got.Now.Commits != 0 {
		t.Errorf("after a reset: %+v", got)
	}
	if got := c.database(databaseRow{ID: 6, DatabaseCounts: model.DatabaseCounts{Commits: 7}}); got.Now.Commits != 7 {
		t.Errorf("a new database: %+v", got)
	}
}

func TestWALAndIO(t *testing.T) {
	t.Parallel()
	everyMajor(t, func(t *testing.T, d database) {
		watcher := d.watch(t, d.role(t, "watch", "pg_monitor"))
		wal, io := &WAL{Server: watcher}, &IO{Server: watcher}
		collect(t, wal)
		collect(t, io)
		inSession(t, d, "CREATE TABLE big AS SELECT g FROM generate_series(1, 50000) g", "CHECKPOINT")
		got := collect(t, wal)
		if v, ok := got.PerSecond(); !ok || v <= 0 || *got.Bytes < 1<<20 || got.Dir == nil || *got.Dir < 16<<20 {
			t.Errorf("log: %+v", got)
		}
		if (got.Records != nil) != (d.major >= 14) {
			t.Errorf("records on %d: %v", d.major, got.Records)
		}
		if c := collect(t, Checkpoints{Server: watcher}); c.Requested == 0 && d.major >= 15 || c.Last > time.Minute {
			t.Errorf("checkpoints: %+v", c)
		}
		if d.major < ioSince {
			if got := collect(t, io); got.Why == "" || got.Elapsed != 0 {
				t.Errorf("I/O: %+v", got)
			}
			return
		}
		testkit.Until(t, 10*time.Second, "the writes to be counted", func(context.Context) bool {
			got := collect(t, io)
			return len(got.Rows) > 0 && got.Rows[0].WriteBytes > 0 && !got.Timed
		})
	})
}

func TestWALForPlainRole(t *testing.T) {
	t.Parallel()
	everyMajor(t, func(t *testing.T, d database) {
		got := collect(t, &WAL{Server: d.watch(t, d.role(t, "plain", ""))})
		if got.Dir != nil || !strings.Contains(got.Hidden, "GRANT pg_monitor") {
			t.Errorf("log: %+v", got)
		}
	})
}

// It changes settings of a server, so it has one of its own.
func TestSettings(t *testing.T) {
	t.Parallel()
	server := testkit.Postgres(t, local.PostgresOptions{})
	d := database{server: server, name: "postgres"}
	c := &Settings{Server: d.watch(t, "postgres")}
	if first := collect(t, c); len(first.Rows) == 0 || len(first.Changes) > 0 {
		t.Errorf("first reading: %+v", first)
	}
	testkit.Exec(t, d.admin(t), "ALTER SYSTEM SET work_mem = '7MB'", "ALTER SYSTEM SET max_connections = 77",
		"ALTER SYSTEM SET primary_conninfo = 'password=hunter2'", "SELECT pg_reload_conf()")
	var got model.Settings
	testkit.Until(t, 10*time.Second, "the change to be seen", func(context.Context) bool {
		got = collect(t, c)
		return len(got.Changes) >= 2 && len(got.Waiting()) == 1
	})
	if change := got.Changes[len(got.Changes)-1]; change.Name != "work_mem" || change.From != atDefault || change.To != "7MB" {
		t.Errorf("changes: %+v", got.Changes)
	}
	if got.Waiting()[0] != "max_connections" {
		t.Errorf("waiting for a restart: %v", got.Waiting())
	}
	for _, row := range got.Rows {
		if strings.Contains(row.Value, "hunter2") {
			t.Errorf("a secret was read: %+v", row)
		}
	}
}

func TestSettingChanges(t *testing.T) {
	t.Parallel()
	at := time.Unix(1, 0)
	got := settingChanges([]model.Setting{{Name: "a", Value: "1"}, {Name: "gone", Value: "x"}, {Name: "same", Value: "s"}},
		[]model.Setting{{Name: "a", Value: "2"}, {Name: "new", Value: "n"}, {Name: "same", Value: "s"}}, at)
	want := []model.SettingChange{
		{At: at, Name: "a", From: "1", To: "2"}, {At: at, Name: "new", From: atDefault, To: "n"},
		{At: at, Name: "gone", From: "x", To: atDefault},
	}
	if len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("got %v, want %v", got, want)
	}
}
