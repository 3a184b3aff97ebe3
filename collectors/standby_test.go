package collectors

import (
	"context"
	"strings"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/testkit"
)

func TestStandby(t *testing.T) {
	t.Parallel()
	everyPair(t, "off", func(t *testing.T, primary, standby database) {
		own := Standby{Server: standby.watch(t, "postgres"), Name: "replica1"}
		writes, reads := primary.admin(t), standby.admin(t)
		testkit.Exec(t, writes, "CREATE TABLE gone AS SELECT generate_series(1, 5000) AS g", "CREATE ROLE plain LOGIN")
		testkit.Until(t, 10*time.Second, "a standby that has replayed all", func(context.Context) bool {
			got := collect(t, own)
			return got.Receiver.Status == "streaming" && got.Receiver.Unreplayed != nil && *got.Receiver.Unreplayed == 0 &&
				testkit.One[bool](t, reads, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'plain')")
		})
		if got := collect(t, own); got.Name != "replica1" || !got.Follows || got.Receiver.Paused || got.Conflict != nil || got.Hidden != "" {
			t.Errorf("calm: %+v", got)
		}
		pausedStandby(t, own, primary, standby)
		conflicting(t, own, primary, standby)
		plain := Standby{Server: standby.watch(t, "plain"), Name: "replica1"}
		if got := collect(t, plain); !strings.Contains(got.Hidden, `GRANT pg_monitor TO "plain"`) {
			t.Errorf("plain role: %+v", got)
		}
		if err := standby.server.Promote(); err != nil {
			t.Fatal(err)
		}
		testkit.Until(t, 10*time.Second, "the promotion", func(context.Context) bool { return !collect(t, own).Follows })
	})
}

// pausedStandby pauses the replay: what arrives stays unreplayed.
func pausedStandby(t *testing.T, own Standby, primary, standby database) {
	t.Helper()
	reads := standby.admin(t)
	testkit.Exec(t, reads, "SELECT pg_wal_replay_pause()")
	testkit.Exec(t, primary.admin(t), "CREATE TABLE late AS SELECT generate_series(1, 20000) AS g")
	testkit.Until(t, 10*time.Second, "log that is not replayed", func(context.Context) bool {
		got := collect(t, own)
		return got.Receiver.Paused && factOf(got.Facts(), "db.replica.paused") == 1 && factOf(got.Facts(), "db.replica.unreplayed") > 100_000
	})
	testkit.Exec(t, reads, "SELECT pg_wal_replay_resume()")
}

// conflicting lets a reader on the standby hold up its replay.
func conflicting(t *testing.T, own Standby, primary, standby database) {
	t.Helper()
	reader := standby.admin(t)
	testkit.Exec(t, reader, "SET application_name = 'report'", "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT count(*) FROM gone")
	testkit.Exec(t, primary.admin(t), "DELETE FROM gone WHERE g > 10", "VACUUM gone")
	var got model.Standby
	testkit.Until(t, 20*time.Second, "the replay to wait for the reader", func(context.Context) bool {
		got = collect(t, own)
		return got.Conflict != nil
	})
	c := got.Conflict
	if c.Waits != "RecoveryConflictSnapshot" || c.PID != int(reader.PgConn().PID()) || c.App != "report" || c.State != "idle in transaction" || c.For == nil {
		t.Errorf("snapshot: %+v", c)
	}
	testkit.Exec(t, reader, "ROLLBACK", "BEGIN", "SELECT count(*) FROM gone")
	testkit.Exec(t, primary.admin(t), "ALTER TABLE gone ADD COLUMN note text")
	testkit.Until(t, 20*time.Second, "the replay to wait for the reader's lock", func(context.Context) bool {
		got = collect(t, own)
		return got.Conflict != nil && got.Conflict.Waits == "relation" && got.Conflict.PID == c.PID
	})
	testkit.Exec(t, reader, "ROLLBACK")
}
