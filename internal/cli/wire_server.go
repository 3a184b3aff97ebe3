package cli

import (
	"time"

	"tocsin/collectors"
	"tocsin/internal/config"
	"tocsin/internal/pg"
	"tocsin/internal/sched"
	"tocsin/internal/store"
)

// addServer adds what tells how a PostgreSQL server is beside its sessions.
// None of it costs the server a thousandth of a core at these intervals.
func (p *program) addServer(server *pg.Server, c config.Postgres) {
	often := sched.Timing{Every: 30 * time.Second, Timeout: pg.FastLimit + time.Second, Group: "postgres", MaxWait: longestRetry}
	counted := often
	counted.Every, counted.Rate = 30*time.Second, true
	seldom := sched.Timing{Every: 2 * time.Minute, Timeout: pg.SlowLimit + time.Second, Group: "postgres", Retry: rareRetry, MaxWait: longestRetry, Yields: true}
	horizon := seldom
	horizon.Every = time.Minute
	slots := often
	slots.Every = 10 * time.Second // an import fills a disk in minutes, and the list is short
	replication := often
	if len(c.Standbys) > 0 {
		replication.Every = replicaEvery
	}
	add(p, store.ReplicationKey(), &collectors.Replication{Server: server.For(store.ReplicationKey().Name), Expected: standbyNames(c.Standbys)}, replication)
	add(p, store.ProgressKey(), collectors.Progress{Server: server.For(store.ProgressKey().Name)}, often)
	add(p, store.SlotsKey(), collectors.Slots{Server: server.For(store.SlotsKey().Name)}, slots)
	add(p, store.DatabasesKey(), &collectors.Databases{Server: server.For(store.DatabasesKey().Name)}, counted)
	add(p, store.WALKey(), &collectors.WAL{Server: server.For(store.WALKey().Name)}, counted)
	add(p, store.StorageKey(), &collectors.Storage{Server: server.For(store.StorageKey().Name), Now: time.Now}, seldom)
	add(p, store.IOKey(), &collectors.IO{Server: server.For(store.IOKey().Name)}, counted)
	add(p, store.CheckpointsKey(), collectors.Checkpoints{Server: server.For(store.CheckpointsKey().Name)}, seldom)
	add(p, store.HorizonKey(), collectors.Horizon{Server: server.For(store.HorizonKey().Name)}, horizon)
	add(p, store.ArchiverKey(), collectors.Archiver{Server: server.For(store.ArchiverKey().Name)}, seldom)
	add(p, store.OwnKey(), &collectors.Own{Server: server}, sched.Timing{Every: 5 * time.Second, Timeout: time.Second, Rate: true})
	add(p, store.SettingsKey(), &collectors.Settings{Server: server.For(store.SettingsKey().Name)}, seldom)
}

// missServer lists these sources where no server is configured.
func (p *program) missServer(hint string) {
	missing(p, store.ReplicationKey(), hint)
	missing(p, store.ProgressKey(), hint)
	missing(p, store.SlotsKey(), hint)
	missing(p, store.DatabasesKey(), hint)
	missing(p, store.WALKey(), hint)
	missing(p, store.StorageKey(), hint)
	missing(p, store.IOKey(), hint)
	missing(p, store.CheckpointsKey(), hint)
	missing(p, store.HorizonKey(), hint)
	missing(p, store.ArchiverKey(), hint)
	missing(p, store.SettingsKey(), hint)
	missing(p, store.OwnKey(), hint)
}

// addPooler adds the PgBouncer. Most targets have none, so it is not listed
// where none is configured.
func (p *program) addPooler() error {
	c := p.target.PgBouncer
	if c == nil {
		return nil
	}
	console, err := pg.OpenConsole(pg.Config{DSN: c.DSN, Password: p.secretOf("pgbouncer", c.Password)})
	if err != nil {
		return err
	}
	p.closers = append(p.closers, console.Close)
	add(p, store.PoolerKey(), collectors.Pooler{Console: console}, sched.Timing{
		Every: 5 * time.Second, Timeout: 3*pg.FastLimit + time.Second, Group: "pgbouncer", Retry: firstRetry, MaxWait: leadRetry,
	})
	return nil
}
