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
		}, "db.replica.lag_seconds", "standby replica1 is behind: 5m0s, 300 MiB", "it is streaming, async", ""},
		{"a standby gone", func(w *world) {
			put(w, store.ReplicationKey(), model.Replication{Expected: []string{"replica2"}})
			put(w, store.SlotsKey(), model.Slots{Rows: []model.Slot{{Name: "replica2", Retained: ptr(int64(3 << 30))}}})
		}, "db.replica.gone", "standby replica2 does not follow any more", "its slot keeps 3 GiB of log", ""},
		{"a paused replay", func(w *world) {
			put(w, store.ReplicationKey(), model.Replication{Standby: true, Receiver: &model.Receiver{
				Status: "streaming", Unreplayed: ptr(int64(1 << 30)), Lag: ptr(time.Minute), Paused: true,
			}})
		}, "db.replica.lag_seconds", "its replay was paused", "", ""},
		{"archiving", func(w *world) {
			put(w, store.ArchiverKey(), model.Archiver{Mode: "on", FailedAt: &w.now, LastFailed: "0001", Ready: ptr(int64(9))})
		}, "db.archiver.failing", "archiving fails at segment 0001", "9 segments in the queue", ""},
		{"a slot", func(w *world) {
			put(w, store.SlotsKey(), model.Slots{Rows: []model.Slot{{Name: "old", Retained: ptr(int64(20 << 30))}}})
		}, "db.slots.retained", "slot old keeps 20 GiB of log", "", ""},
		{"the pooler", func(w *world) {
			put(w, store.PoolerKey(), model.Pooler{Pools: []model.Pool{{Database: "shop", User: "app", Waiting: 7, Busy: 20, Size: 20, MaxWait: 3 * time.Second}}})
		}, "db.pooler.waiting", "7 clients wait at the pooler", "pool shop/app: 20 of 20 server connections in use", ""},
		{"dead rows that a session keeps", func(w *world) {
			bloated(w, 50_000, 30_000)
			put(w, store.HorizonKey(), model.Horizon{Rows: []model.Holder{
				{Kind: "session", Name: "report", PID: 4711, BackendStart: began(), XminAge: 900, For: ptr(time.Hour)},
			}})
		}, "db.dead_tuples.pct", "vacuum cannot remove them while pid 4711 (report) holds its snapshot", "900 transactions old", "pg.terminate"},
		{"dead rows that a slot keeps", func(w *world) {
			bloated(w, 50_000, 30_000)
			put(w, store.HorizonKey(), model.Horizon{Rows: []model.Holder{{Kind: "slot", Name: "old", XminAge: 90_000}}})
		}, "db.dead_tuples.pct", "while slot old holds its snapshot", "90000 transactions old", ""},
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
