package alert

import (
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

func behind(name string, bytes int64, lag time.Duration) model.Replication {
	return model.Replication{Expected: []string{name}, Replicas: []model.Replica{
		{PID: 7, Name: name, State: "streaming", Sync: "async", LagBytes: &bytes, Lag: &lag},
	}}
}

// aroundTheServer are about those who follow a server, and its log.
func aroundTheServer() []situation {
	return []situation{
		{
			name: "a standby behind", change: func(w *world) {
				put(w, store.ReplicationKey(), behind("replica1", 300<<20, 5*time.Minute))
			},
			rule: "db.replica.lag_seconds", summary: "standby replica1 is 5m0s, 300 MiB behind",
			evidence: []string{"it is streaming, async"},
		},
		{
			name: "a standby gone", change: func(w *world) {
				put(w, store.ReplicationKey(), model.Replication{Expected: []string{"replica2"}})
				put(w, store.SlotsKey(), model.Slots{Rows: []model.Slot{{Name: "replica2", Retained: ptr(int64(3 << 30))}}})
			},
			rule: "db.replica.gone", summary: "standby replica2 does not follow any more",
			evidence: []string{"its slot keeps 3 GiB of log"},
		},
		{
			name: "a paused replay", change: func(w *world) {
				put(w, store.ReplicationKey(), model.Replication{Standby: true, Receiver: &model.Receiver{
					Status: "streaming", Unreplayed: ptr(int64(1 << 30)), Lag: ptr(time.Minute), Paused: true,
				}})
			},
			rule: "db.replica.lag_seconds", summary: "standby (this server) is 1m0s, 1 GiB behind: its replay is paused",
			action: "pg.replay.resume",
		},
		{
			name: "a replay that somebody paused", change: func(w *world) {
				put(w, store.ReplicationKey(), behind("replica1", 96<<20, 12*time.Second))
				put(w, store.StandbyKey("replica1"), model.Standby{Name: "replica1", Follows: true, Receiver: model.Receiver{
					Status: "streaming", Unreplayed: ptr(int64(95 << 20)), Paused: true,
				}})
			},
			rule: "db.replica.lag_bytes", summary: "standby replica1 is 96 MiB behind: its replay is paused",
			evidence: []string{"95 MiB are received and not replayed"},
			action:   "pg.replay.resume",
		},
		{
			name: "a replay that waits for a reader", change: func(w *world) {
				put(w, store.ReplicationKey(), behind("replica1", 96<<20, 40*time.Second))
				put(w, store.StandbyKey("replica1"), model.Standby{
					Name: "replica1", Follows: true, Receiver: model.Receiver{Status: "streaming"},
					Conflict: &model.Conflict{Waits: "RecoveryConflictSnapshot", PID: 812, App: "reports", State: "active", For: ptr(5 * time.Minute)},
				})
			},
			rule: "db.replica.lag_seconds", summary: "40s, 96 MiB behind: its replay waits for pid 812 on it, app=reports, active, for 5m0s",
			evidence: []string{"RecoveryConflictSnapshot"},
		},
		{
			name: "a standby that receives nothing", change: func(w *world) {
				put(w, store.ReplicationKey(), behind("replica1", 96<<20, 40*time.Second))
				put(w, store.StandbyKey("replica1"), model.Standby{Name: "replica1", Follows: true})
			},
			rule: "db.replica.lag_seconds", summary: "behind: it receives nothing",
		},
		{
			name: "a standby that keeps up with what it gets", change: func(w *world) {
				put(w, store.ReplicationKey(), behind("replica1", 96<<20, 40*time.Second))
				put(w, store.StandbyKey("replica1"), model.Standby{Name: "replica1", Follows: true, Receiver: model.Receiver{
					Status: "streaming", Unreplayed: ptr(int64(1 << 10)),
				}})
			},
			rule: "db.replica.lag_seconds", summary: "is 40s, 96 MiB behind",
			evidence: []string{"it has replayed all but 1 KiB of what it received: the log comes late"},
		},
		{
			name: "a standby behind that does not answer itself", change: func(w *world) {
				put(w, store.ReplicationKey(), behind("replica1", 96<<20, 40*time.Second))
				fail(w, store.StandbyKey("replica1"), model.Fail{Class: model.Down, Text: "connect to db2:5432: no answer for 2 s"})
			},
			rule: "db.replica.lag_seconds", summary: "is 40s, 96 MiB behind",
			evidence: []string{"why is not known: connect to db2:5432: no answer for 2 s"},
		},
		{
			name: "the pause of another standby", change: func(w *world) {
				put(w, store.ReplicationKey(), behind("replica1", 96<<20, 40*time.Second))
				put(w, store.StandbyKey("replica2"), model.Standby{Name: "replica2", Follows: true, Receiver: model.Receiver{Status: "streaming", Paused: true}})
			},
			rule: "db.replica.lag_seconds", summary: "is 40s, 96 MiB behind",
			evidence: []string{"why is not known: its address is not in the configuration (postgres.standbys)"},
		},
		{
			name: "archiving", change: func(w *world) {
				put(w, store.ArchiverKey(), model.Archiver{Mode: "on", FailedAt: &w.now, LastFailed: "0001", Ready: ptr(int64(9))})
			},
			rule: "db.archiver.failing", summary: "archiving fails at segment 0001",
			evidence: []string{"9 segments in the queue"},
		},
		{
			name: "a slot", change: func(w *world) {
				put(w, store.SlotsKey(), model.Slots{Rows: []model.Slot{{Name: "old", Retained: ptr(int64(20 << 30))}}})
			},
			rule: "db.slots.retained", summary: "slot old keeps 20 GiB of log", action: "pg.slot.drop",
		},
		{
			name: "the pooler", change: func(w *world) {
				put(w, store.PoolerKey(), model.Pooler{Pools: []model.Pool{{Database: "shop", User: "app", Waiting: 7, Busy: 20, Size: 20, MaxWait: 3 * time.Second}}})
			},
			rule: "db.pooler.waiting", summary: "7 clients wait at the pooler",
			evidence: []string{"pool shop/app: 20 of 20 server connections in use"},
		},
		{
			name: "dead rows that a slot keeps", book: "old-snapshot", change: func(w *world) {
				bloated(w, 50_000, 30_000)
				put(w, store.HorizonKey(), model.Horizon{Rows: []model.Holder{{Kind: "slot", Name: "old", XminAge: 90_000}}})
			},
			rule: "db.dead_tuples.pct", summary: "kept by the snapshot of slot old",
			evidence: []string{"90000 transactions old"},
		},
	}
}
