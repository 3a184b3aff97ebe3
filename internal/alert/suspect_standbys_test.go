package alert

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

func behind(name string, bytes int64, lag time.Duration) model.Replication {
	return model.Replication{Expected: []string{name}, Replicas: []model.Replica{
		{PID: 7, Name: name, State: "streaming", Sync: "async", LagBytes: &bytes, Lag: &lag},
	}}
}

func TestSuspectsAroundTheServer(t *testing.T) {
	tests := []struct {
		name    string
		change  func(w *world)
		rule    string
		summary string
		says    string
		action  string
	}{
		{"a standby behind", func(w *world) {
			put(w, store.ReplicationKey(), behind("replica1", 300<<20, 5*time.Minute))
		}, "db.replica.lag_seconds", "standby replica1 is 5m0s, 300 MiB behind", "it is streaming, async", ""},
		{"a standby gone", func(w *world) {
			put(w, store.ReplicationKey(), model.Replication{Expected: []string{"replica2"}})
			put(w, store.SlotsKey(), model.Slots{Rows: []model.Slot{{Name: "replica2", Retained: ptr(int64(3 << 30))}}})
		}, "db.replica.gone", "standby replica2 does not follow any more", "its slot keeps 3 GiB of log", ""},
		{"a paused replay", func(w *world) {
			put(w, store.ReplicationKey(), model.Replication{Standby: true, Receiver: &model.Receiver{
				Status: "streaming", Unreplayed: ptr(int64(1 << 30)), Lag: ptr(time.Minute), Paused: true,
			}})
		}, "db.replica.lag_seconds", "standby (this server) is 1m0s, 1 GiB behind: its replay is paused", "", "pg.replay.resume"},
		{"a replay that somebody paused", func(w *world) {
			put(w, store.ReplicationKey(), behind("replica1", 96<<20, 12*time.Second))
			put(w, store.StandbyKey("replica1"), model.Standby{Name: "replica1", Follows: true, Receiver: model.Receiver{
				Status: "streaming", Unreplayed: ptr(int64(95 << 20)), Paused: true,
			}})
		}, "db.replica.lag_bytes", "standby replica1 is 96 MiB behind: its replay is paused", "95 MiB are received and not replayed", "pg.replay.resume"},
		{"a replay that waits for a reader", func(w *world) {
			put(w, store.ReplicationKey(), behind("replica1", 96<<20, 40*time.Second))
			put(w, store.StandbyKey("replica1"), model.Standby{
				Name: "replica1", Follows: true, Receiver: model.Receiver{Status: "streaming"},
				Conflict: &model.Conflict{Waits: "RecoveryConflictSnapshot", PID: 812, App: "reports", State: "active", For: ptr(5 * time.Minute)},
			})
		}, "db.replica.lag_seconds", "40s, 96 MiB behind: its replay waits for pid 812 on it, app=reports, active, for 5m0s", "RecoveryConflictSnapshot", ""},
		{"a standby that receives nothing", func(w *world) {
			put(w, store.ReplicationKey(), behind("replica1", 96<<20, 40*time.Second))
			put(w, store.StandbyKey("replica1"), model.Standby{Name: "replica1", Follows: true})
		}, "db.replica.lag_seconds", "behind: it receives nothing", "", ""},
		{"a standby that keeps up with what it gets", func(w *world) {
			put(w, store.ReplicationKey(), behind("replica1", 96<<20, 40*time.Second))
			put(w, store.StandbyKey("replica1"), model.Standby{Name: "replica1", Follows: true, Receiver: model.Receiver{
				Status: "streaming", Unreplayed: ptr(int64(1 << 10)),
			}})
		}, "db.replica.lag_seconds", "is 40s, 96 MiB behind", "it has replayed all but 1 KiB of what it received: the log comes late", ""},
		{"a standby behind that does not answer itself", func(w *world) {
			put(w, store.ReplicationKey(), behind("replica1", 96<<20, 40*time.Second))
			fail(w, store.StandbyKey("replica1"), model.Fail{Class: model.Down, Text: "connect to db2:5432: no answer for 2 s"})
		}, "db.replica.lag_seconds", "is 40s, 96 MiB behind", "why is not known: connect to db2:5432: no answer for 2 s", ""},
		{"the pause of another standby", func(w *world) {
			put(w, store.ReplicationKey(), behind("replica1", 96<<20, 40*time.Second))
			put(w, store.StandbyKey("replica2"), model.Standby{Name: "replica2", Follows: true, Receiver: model.Receiver{Status: "streaming", Paused: true}})
		}, "db.replica.lag_seconds", "is 40s, 96 MiB behind", "why is not known: its address is not in the configuration (postgres.standbys)", ""},
		{"archiving", func(w *world) {
			put(w, store.ArchiverKey(), model.Archiver{Mode: "on", FailedAt: &w.now, LastFailed: "0001", Ready: ptr(int64(9))})
		}, "db.archiver.failing", "archiving fails at segment 0001", "9 segments in the queue", ""},
		{"a slot", func(w *world) {
			put(w, store.SlotsKey(), model.Slots{Rows: []model.Slot{{Name: "old", Retained: ptr(int64(20 << 30))}}})
		}, "db.slots.retained", "slot old keeps 20 GiB of log", "", ""},
		{"the pooler", func(w *world) {
			put(w, store.PoolerKey(), model.Pooler{Pools: []model.Pool{{Database: "shop", User: "app", Waiting: 7, Busy: 20, Size: 20, MaxWait: 3 * time.Second}}})
		}, "db.pooler.waiting", "7 clients wait at the pooler", "pool shop/app: 20 of 20 server connections in use", ""},
		{"dead rows that a slot keeps", func(w *world) {
			bloated(w, 50_000, 30_000)
			put(w, store.HorizonKey(), model.Horizon{Rows: []model.Holder{{Kind: "slot", Name: "old", XminAge: 90_000}}})
		}, "db.dead_tuples.pct", "kept by the snapshot of slot old", "90000 transactions old", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			calm(w)
			tt.change(w)
			got := Diagnose(w, New(Defaults()).Step(w))
			if got.Rule != tt.rule || !strings.Contains(got.Summary, tt.summary) || got.Action != tt.action {
				t.Errorf("got %+v", got)
			}
			if tt.says != "" && !slices.ContainsFunc(got.Evidence, func(e string) bool { return strings.Contains(e, tt.says) }) {
				t.Errorf("evidence %q, want %q", got.Evidence, tt.says)
			}
		})
	}
}
