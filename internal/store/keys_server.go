package store

import "tocsin/internal/model"

// The kinds of snapshots of the health of a PostgreSQL server.

// DatabasesKey names the counters of the databases.
func DatabasesKey() Key[model.Databases] {
	return Key[model.Databases]{Name: "pg.database", Version: 1}
}

// CheckpointsKey names the checkpoints.
func CheckpointsKey() Key[model.Checkpoints] {
	return Key[model.Checkpoints]{Name: "pg.checkpoints", Version: 1}
}

// WALKey names the write-ahead log.
func WALKey() Key[model.WAL] { return Key[model.WAL]{Name: "pg.wal", Version: 1} }

// StorageKey names the file systems that hold the files of the server.
func StorageKey() Key[model.Storage] { return Key[model.Storage]{Name: "pg.storage", Version: 1} }

// IOKey names the reads and writes of the server's processes.
func IOKey() Key[model.IO] { return Key[model.IO]{Name: "pg.io", Version: 1} }

// ReplicationKey names the standbys, and what the server follows.
func ReplicationKey() Key[model.Replication] {
	return Key[model.Replication]{Name: "pg.replication", Version: 1}
}

// SlotsKey names the replication slots.
func SlotsKey() Key[model.Slots] { return Key[model.Slots]{Name: "pg.slots", Version: 1} }

// ArchiverKey names the archiving of the log.
func ArchiverKey() Key[model.Archiver] { return Key[model.Archiver]{Name: "pg.archiver", Version: 1} }

// ProgressKey names the long operations under way.
func ProgressKey() Key[model.Progress] { return Key[model.Progress]{Name: "pg.progress", Version: 1} }

// SettingsKey names the settings and what changed of them.
func SettingsKey() Key[model.Settings] { return Key[model.Settings]{Name: "pg.settings", Version: 1} }

// HorizonKey names who keeps vacuum from removing rows.
func HorizonKey() Key[model.Horizon] { return Key[model.Horizon]{Name: "pg.horizon", Version: 1} }

// OwnKey names what tocsin itself costs the server.
func OwnKey() Key[model.Own] { return Key[model.Own]{Name: "own", Version: 1} }

// PoolerKey names the PgBouncer before the server.
func PoolerKey() Key[model.Pooler] { return Key[model.Pooler]{Name: "pgbouncer", Version: 1} }
