package alert

import (
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// serverRules are the rules on the health of a PostgreSQL server: who follows
// it, what it keeps for them, and who waits before it.
func serverRules() []Rule {
	rules := []Rule{
		{
			ID: "db.replica.gone", Metric: "db.replica.gone", Fire: atLeast(1), For: 30 * time.Second,
			Clear: below(1), ClearFor: time.Minute, Severity: P1, Runbook: "replica-lag",
		},
		{
			ID: "db.replica.lag_bytes", Metric: "db.replica.lag_bytes", Fire: above(64, "MiB"), For: time.Minute,
			Clear: below(32, "MiB"), ClearFor: time.Minute, Severity: P2, Runbook: "replica-lag",
		},
		{
			ID: "db.replica.lag_seconds", Metric: "db.replica.lag_seconds", Fire: above(30, "s"), For: time.Minute,
			Clear: below(15, "s"), ClearFor: time.Minute, Severity: P2, Runbook: "replica-lag",
		},
		{
			ID: "db.slots.lost", Metric: "db.slots.lost", Fire: atLeast(1), Clear: below(1),
			Severity: P2, Runbook: "replica-lag",
		},
		{
			ID: "db.slots.retained", Metric: "db.slots.retained", Fire: above(10, "GiB"), For: time.Minute,
			Clear: below(8, "GiB"), ClearFor: time.Minute, Severity: P2, Runbook: "disk-filling",
		},
		{
			ID: "db.archiver.failing", Metric: "db.archiver.failing", Fire: atLeast(1), For: time.Minute,
			Clear: below(1), ClearFor: time.Minute, Severity: P2, Runbook: "disk-filling",
		},
		{
			ID: "db.deadlocks", Metric: "db.deadlocks", Fire: atLeast(1),
			Clear: below(1), ClearFor: 5 * time.Minute, Severity: P3, Runbook: "lock-pileup",
		},
		{
			ID: "db.pooler.waiting", Metric: "db.pooler.waiting", Fire: atLeast(1), For: 30 * time.Second,
			Clear: below(1), ClearFor: time.Minute, Severity: P2, Runbook: "connections-exhausted",
		},
	}
	for i := range rules {
		rules[i].Group, rules[i].InhibitedBy = "db", []string{"db.down"}
	}
	return append(rules, Rule{
		ID: "db.pooler.down", Metric: "db.pooler.down", Fire: atLeast(3), Clear: below(1),
		Severity: P1, Group: "db", Runbook: "complete-outage",
	})
}

// serverSpecimens are the snapshots of the health of a PostgreSQL server with
// every part in place.
func serverSpecimens() []specimen {
	holds := true
	return []specimen{
		{store.DatabasesKey().Name, false, model.Databases{}},
		{store.CheckpointsKey().Name, false, model.Checkpoints{}},
		{store.WALKey().Name, false, model.WAL{}},
		{store.StorageKey().Name, false, model.Storage{Volumes: []model.Volume{{Disk: model.Disk{Total: 1, FullIn: new(time.Duration)}}}}},
		{store.IOKey().Name, false, model.IO{}},
		{store.ReplicationKey().Name, false, model.Replication{
			Expected: []string{"standby"}, Replicas: []model.Replica{{Name: "standby"}}, Receiver: &model.Receiver{Expected: &holds},
		}},
		{store.StandbyKey("").Name, true, model.Standby{Follows: true}},
		{store.SlotsKey().Name, false, model.Slots{Rows: []model.Slot{{Name: "slot"}}}},
		{store.ArchiverKey().Name, false, model.Archiver{}},
		{store.ProgressKey().Name, false, model.Progress{}},
		{store.SettingsKey().Name, false, model.Settings{}},
		{store.HorizonKey().Name, false, model.Horizon{}},
		{store.OwnKey().Name, false, model.Own{}},
		{store.PoolerKey().Name, false, model.Pooler{}},
	}
}
