package ui

import (
	"time"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// serverValues are what the sources of server health give; a nil one is not
// configured.
type serverValues struct {
	databases   *model.Databases
	checkpoints *model.Checkpoints
	wal         *model.WAL
	storage     *model.Storage
	io          *model.IO
	replication *model.Replication
	slots       *model.Slots
	archiver    *model.Archiver
	progress    *model.Progress
	settings    *model.Settings
	horizon     *model.Horizon
	pooler      *model.Pooler
	own         *model.Own
}

func calmServer(now time.Time) serverValues {
	began := now.Add(-40 * 24 * time.Hour)
	counts := model.DatabaseCounts{Commits: 4100, Rollbacks: 12, Hits: 98_000, Reads: 640}
	return serverValues{
		databases: &model.Databases{Elapsed: 10 * time.Second, Rows: []model.Database{
			{Name: "postgres", Backends: 1, Since: &began}, {Name: "shop", Backends: 40, Now: counts, Ever: counts, Since: &began},
		}},
		checkpoints: &model.Checkpoints{Timed: 400, Requested: 12, Write: 3 * time.Hour, Sync: 40 * time.Second, Buffers: 120_000,
			Clean: 9000, Backends: ptr(int64(4100)), Since: &began, Last: 90 * time.Second},
		wal: &model.WAL{Elapsed: 10 * time.Second, Bytes: ptr(int64(6 << 20)), Records: ptr(int64(41_000)), FullPages: ptr(int64(210)), Dir: ptr(int64(1 << 30))},
		io: &model.IO{Elapsed: 10 * time.Second, Rows: []model.IORow{
			{Backend: "client backend", Object: "relation", Context: "normal", Reads: 640, ReadBytes: 640 << 13, Hits: 98_000},
			{Backend: "checkpointer", Object: "relation", Context: "normal", Writes: 120, WriteBytes: 120 << 13},
		}},
		storage: &model.Storage{Volumes: []model.Volume{{Disk: model.Disk{Mount: "/srv/pg", Total: 100 << 30, Used: 41 << 30},
			Holds: []string{"data directory", "tablespace fast"}}}},
		replication: &model.Replication{Started: began, Timeline: 3, Expected: []string{"replica1"}, Replicas: []model.Replica{
			{PID: 901, Name: "replica1", Client: "10.0.3.9", State: "streaming", Sync: "async", LagBytes: ptr(int64(0)), Lag: ptr(time.Duration(0)), LastReply: ptr(time.Second)},
		}},
		slots:    &model.Slots{Rows: []model.Slot{{Name: "replica1", Type: "physical", PID: 901, WALStatus: "reserved", Retained: ptr(int64(16 << 20))}}},
		archiver: &model.Archiver{Mode: "on", Archived: 8000, Last: "000000030000000A000000C1", LastAt: ptr(now.Add(-2 * time.Minute)), Ready: ptr(int64(0))},
		progress: &model.Progress{},
		settings: &model.Settings{Rows: []model.Setting{{Name: "max_connections", Value: "103", Source: "configuration file"},
			{Name: "work_mem", Value: "16MB", Source: "configuration file"}}},
		horizon: &model.Horizon{Rows: []model.Holder{{Kind: "session", Name: "worker", PID: 4604, BackendStart: now.Add(-2 * time.Hour),
			Database: "shop", Owner: "app", XminAge: 41, For: ptr(90 * time.Millisecond), State: "idle in transaction"}}},
		own: &model.Own{Connections: 3, Statements: 214, Busy: 530 * time.Millisecond, Bytes: 1_300_000, Sources: []model.OwnSource{
			{Name: "pg.activity", Busy: 210 * time.Millisecond}, {Name: "pg.statements", Busy: 140 * time.Millisecond}, {Name: "pg.tables", Busy: 90 * time.Millisecond}}},
	}
}

// replicaLag is a standby that fell behind and one that is gone, with a slot
// that keeps the log for it, clients that wait at the pooler, a vacuum under
// way and a setting that was changed.
func replicaLag(v *values, now time.Time, lasting time.Duration) {
	s := &v.server
	s.replication.Expected = []string{"replica1", "replica2"}
	s.replication.Replicas[0].LagBytes, s.replication.Replicas[0].Lag = ptr(int64(lasting.Seconds())<<20), ptr(lasting)
	s.replication.Changes = []model.ServerChange{{At: now.Add(-lasting), Text: "PostgreSQL was promoted: it takes writes, timeline 3"}}
	s.slots.Rows = append([]model.Slot{{Name: "replica2", Type: "physical", WALStatus: "extended", Retained: ptr(int64(14 << 30)), Left: ptr(int64(2 << 30)), XminAge: 812_000}}, s.slots.Rows...)
	s.archiver.FailedAt, s.archiver.LastFailed, s.archiver.Ready = &now, "000000030000000A000000C2", ptr(int64(31))
	s.horizon.Rows = append([]model.Holder{{Kind: "slot", Name: "replica2", XminAge: 812_000, State: "inactive"}}, s.horizon.Rows...)
	s.progress.Rows = []model.Operation{
		{Kind: "VACUUM", PID: 511, BackendStart: now.Add(-lasting), Database: "shop", Relation: "public.events", Phase: "scanning heap",
			Done: 1200, Total: 3072, Unit: "blocks", App: "", Running: ptr(lasting)},
		{Kind: "CREATE INDEX CONCURRENTLY", PID: 512, BackendStart: now.Add(-lasting), Database: "shop", Relation: "public.orders",
			Phase: "waiting for old snapshots", Done: 0, Total: 1, Unit: "sessions", Note: "waits for pid 4604", App: "migrate", Running: ptr(lasting / 2)},
		{Kind: "BASE BACKUP", PID: 513, Phase: "streaming database files", Done: 3 << 30, Unit: "B", App: "pg_basebackup", Running: ptr(lasting)},
	}
	s.storage.Volumes[0].Used, s.storage.Volumes[0].FullIn = 91<<30, ptr(3*time.Hour)
	s.settings.Changes = []model.SettingChange{{At: now.Add(-lasting), Name: "work_mem", From: "4MB", To: "16MB"}}
	s.settings.Rows[0].Restart = true
	s.pooler = &model.Pooler{Version: "1.18.0", Pools: []model.Pool{{Database: "shop", User: "app", Mode: "transaction", Active: 20, Waiting: 7,
		Busy: 20, Size: 20, MaxWait: 2300 * time.Millisecond}}}
}

// hostileServer puts an evil text wherever one comes from outside.
func hostileServer(v *values, evil string) {
	s := &v.server
	s.databases.Rows[0].Name, s.io.Rows[0].Backend = evil, evil
	s.replication.Replicas[0].Name, s.replication.Expected[0], s.slots.Rows[0].Name = evil, evil, evil
	s.replication.Changes = []model.ServerChange{{Text: evil}}
	s.storage.Volumes[0].Mount, s.storage.Volumes[0].Holds = evil, []string{evil}
	s.archiver.Mode, s.settings.Rows[0].Value, s.horizon.Rows[0].Name = evil, evil, evil
	s.progress.Rows = []model.Operation{{Kind: evil, Relation: evil, Phase: evil, Note: evil, App: evil}}
	s.pooler = &model.Pooler{Version: evil, Pools: []model.Pool{{Database: evil, User: evil, Mode: evil}}}
}

// serverCells are the cells of the sources of server health.
type serverCells struct {
	databases   *store.Cell[model.Databases]
	checkpoints *store.Cell[model.Checkpoints]
	wal         *store.Cell[model.WAL]
	storage     *store.Cell[model.Storage]
	io          *store.Cell[model.IO]
	replication *store.Cell[model.Replication]
	slots       *store.Cell[model.Slots]
	archiver    *store.Cell[model.Archiver]
	progress    *store.Cell[model.Progress]
	settings    *store.Cell[model.Settings]
	horizon     *store.Cell[model.Horizon]
	pooler      *store.Cell[model.Pooler]
	own         *store.Cell[model.Own]
}

func serverCellsOf(s *store.Store, pg store.Source, pooled bool) serverCells {
	c := serverCells{
		databases: store.NewCell(s, store.DatabasesKey(), pg), checkpoints: store.NewCell(s, store.CheckpointsKey(), pg),
		wal: store.NewCell(s, store.WALKey(), pg), storage: store.NewCell(s, store.StorageKey(), pg), io: store.NewCell(s, store.IOKey(), pg),
		replication: store.NewCell(s, store.ReplicationKey(), pg), slots: store.NewCell(s, store.SlotsKey(), pg),
		archiver: store.NewCell(s, store.ArchiverKey(), pg), progress: store.NewCell(s, store.ProgressKey(), pg),
		settings: store.NewCell(s, store.SettingsKey(), pg), horizon: store.NewCell(s, store.HorizonKey(), pg),
		own: store.NewCell(s, store.OwnKey(), store.Source{Every: pg.Every}),
	}
	if pooled {
		c.pooler = store.NewCell(s, store.PoolerKey(), pg)
	}
	return c
}

func (c serverCells) put(v values, now time.Time) {
	write(c.databases, v.server.databases, v, now)
	write(c.checkpoints, v.server.checkpoints, v, now)
	write(c.wal, v.server.wal, v, now)
	write(c.storage, v.server.storage, v, now)
	write(c.io, v.server.io, v, now)
	write(c.replication, v.server.replication, v, now)
	write(c.slots, v.server.slots, v, now)
	write(c.archiver, v.server.archiver, v, now)
	write(c.progress, v.server.progress, v, now)
	write(c.settings, v.server.settings, v, now)
	write(c.horizon, v.server.horizon, v, now)
	v.lost = nil // what we cost is known whatever the server does
	write(c.own, v.server.own, v, now)
	if c.pooler != nil && v.server.pooler != nil {
		write(c.pooler, v.server.pooler, v, now)
	}
}
