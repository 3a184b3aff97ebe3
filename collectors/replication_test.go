package collectors

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/internal/local"
	"tocsin/internal/model"
	"tocsin/internal/testkit"
)

// everyPair runs a test on a primary and its standby of each major version.
// Feedback says whether the standby tells its snapshots: on, off.
func everyPair(t *testing.T, feedback string, test func(t *testing.T, primary, standby database)) {
	t.Helper()
	for _, major := range testkit.Majors() {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			primary := testkit.PostgresMajor(t, major, local.PostgresOptions{Settings: map[string]string{
				"wal_level": "logical", "max_prepared_transactions": "2", "hot_standby_feedback": feedback,
			}})
			standby := testkit.Standby(t, primary, "replica1")
			test(t, database{server: primary, name: "postgres", major: major}, database{server: standby, name: "postgres", major: major})
		})
	}
}

// Servers are dear to start, so that both tests are on the same ones.
func TestPrimaryAndStandby(t *testing.T) {
	t.Parallel()
	everyPair(t, "on", func(t *testing.T, primary, standby database) {
		t.Run("matrix", func(t *testing.T) { readMatrix(t, newPair(t, primary, standby)) })
		t.Run("replication", func(t *testing.T) { replicates(t, primary, standby) })
	})
}

// replicates compares what is told of a pair with what is done to it.
func replicates(t *testing.T, primary, standby database) {
	lead := &Replication{Server: primary.watch(t, "postgres"), Expected: []string{"replica1", "replica2"}}
	follow := &Replication{Server: standby.watch(t, "postgres")}
	if got := collect(t, lead); got.Standby || got.Timeline != 1 || len(got.Missing()) != 1 || got.Missing()[0] != "replica2" {
		t.Errorf("primary: %+v", got)
	}
	got := collect(t, follow)
	if w := got.Receiver; !got.Standby || got.Timeline != 1 || w == nil || w.Status != "streaming" || w.Expected == nil || !*w.Expected {
		t.Errorf("standby: %+v, %+v", got, got.Receiver)
	}
	lagging(t, primary, standby, lead)
	primary.server.Kill()
	promoted(t, standby, follow)
}

// lagging stops the standby and lets it go on: bytes and seconds tell.
func lagging(t *testing.T, primary, standby database, lead *Replication) {
	t.Helper()
	if err := standby.server.Pause(); err != nil {
		t.Fatal(err)
	}
	testkit.Exec(t, primary.admin(t), "CREATE TABLE big AS SELECT g FROM generate_series(1, 20000) g")
	testkit.Until(t, 10*time.Second, "the standby to be behind", func(context.Context) bool {
		got := collect(t, lead)
		x := got.Replicas[0]
		return x.LagBytes != nil && *x.LagBytes > 100_000 && x.Lag != nil && *x.Lag > 100*time.Millisecond
	})
	if err := standby.server.Resume(); err != nil {
		t.Fatal(err)
	}
	testkit.Until(t, 10*time.Second, "the standby to catch up", func(context.Context) bool {
		x := collect(t, lead).Replicas[0]
		return x.LagBytes != nil && *x.LagBytes == 0 && x.Lag != nil && *x.Lag == 0 && x.Name == "replica1" && x.State == "streaming"
	})
}

// promoted makes a primary of the standby: the sessions go on and notice.
func promoted(t *testing.T, standby database, follow *Replication) {
	t.Helper()
	testkit.Until(t, 10*time.Second, "the receiver to be gone", func(context.Context) bool {
		got := collect(t, follow)
		return got.Receiver.Status == "" && factOf(got.Facts(), "db.replica.gone") == 1
	})
	if err := standby.server.Promote(); err != nil {
		t.Fatal(err)
	}
	var got model.Replication
	testkit.Until(t, 10*time.Second, "the promotion", func(context.Context) bool {
		got = collect(t, follow)
		return !got.Standby && got.Timeline == 2
	})
	if len(got.Changes) == 0 || !strings.Contains(got.Changes[0].Text, "was promoted") {
		t.Errorf("changes: %+v", got.Changes)
	}
}

func factOf(facts []model.Fact, name string) float64 {
	for _, f := range facts {
		if f.Name == name {
			return f.Value
		}
	}
	return -1
}

func TestReplicationForPlainRole(t *testing.T) {
	t.Parallel()
	primary := testkit.Postgres(t, local.PostgresOptions{})
	testkit.Standby(t, primary, "replica1")
	d := database{server: primary, name: "postgres"}
	testkit.Exec(t, d.admin(t), "CREATE ROLE plain LOGIN")
	got := collect(t, &Replication{Server: d.watch(t, "plain")})
	if !strings.Contains(got.Hidden, "GRANT pg_monitor") || len(got.Replicas) != 1 || got.Replicas[0].LagBytes != nil {
		t.Errorf("got %+v", got)
	}
	for _, f := range got.Facts() {
		if strings.HasPrefix(f.Name, "db.replica.lag") && (f.Known || !strings.Contains(f.Why, "GRANT")) {
			t.Errorf("fact %+v", f)
		}
	}
}

func TestLag(t *testing.T) {
	t.Parallel()
	begin := time.Unix(100, 0)
	r := &Replication{past: []position{{begin, 10}, {begin.Add(2 * time.Second), 20}, {begin.Add(4 * time.Second), 30}}}
	head := replicationHead{At: begin.Add(6 * time.Second), Position: 30}
	told := time.Minute
	tests := []struct {
		name     string
		replayed int64
		told     *time.Duration
		want     time.Duration
	}{
		{"not behind", 30, &told, 0},
		{"since the third", 25, nil, 2 * time.Second},
		{"since the second", 10, nil, 4 * time.Second},
		{"before all we know", 1, nil, 6 * time.Second},
		{"the standby says more", 25, &told, time.Minute},
	}
	for _, tt := range tests {
		if got := r.lag(tt.replayed, head, tt.told); *got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, *got, tt.want)
		}
	}
}

func TestSlots(t *testing.T) {
	everyMajor(t, func(t *testing.T, d database) {
		admin := d.admin(t)
		name := "slot_" + d.name
		testkit.Exec(t, admin, "SELECT pg_create_physical_replication_slot('"+name+"', true)")
		defer inSession(t, d, "SELECT pg_drop_replication_slot('"+name+"')")
		testkit.Exec(t, admin, "CREATE TABLE big AS SELECT g FROM generate_series(1, 20000) g")
		got := collect(t, Slots{Server: d.watch(t, d.role(t, "plain", ""))})
		for _, row := range got.Rows {
			if row.Name == name {
				if row.Active() || row.Type != "physical" || row.WALStatus == "" || row.Retained == nil || *row.Retained < 100_000 {
					t.Errorf("slot: %+v", row)
				}
				return
			}
		}
		t.Error("the slot is not listed")
	})
}
