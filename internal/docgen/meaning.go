package main

import "maps"

// meanings says of each metric in a sentence what it is. A test of the
// generator itself: it fails when a metric has none or one is left over.
func meanings() map[string]string {
	all := databaseMeanings()
	maps.Copy(all, serverMeanings())
	maps.Copy(all, serviceMeanings())
	maps.Copy(all, supabaseMeanings())
	maps.Copy(all, siteMeanings())
	maps.Copy(all, watcherMeanings())
	return all
}

func databaseMeanings() map[string]string {
	return map[string]string{
		"db.down":                "attempts in a row in which the server could not be reached; 0 while it answers",
		"db.connections.clients": "client connections, all databases",
		"db.connections.usable":  "connections that ordinary roles may have: max_connections less what is reserved",
		"db.connections.used":    "clients in percent of usable",
		"db.sessions":            "client connections in one state, without those that tocsin reads with",
		"db.locks.waiting":       "sessions that wait for a lock of another session",
		"db.query.longest":       "how long the longest statement of a client has been running",
		"db.tx.longest":          "age of the oldest open transaction of a client",
		"db.statements.calls":    "statements that ended, between two readings (pg_stat_statements)",
		"db.statements.mean":     "mean time of these",
		"db.dead_tuples.pct":     "share of dead rows; only tables of more than 10,000 rows",
		"db.tables.bytes":        "size of all tables with indexes and TOAST, about",
	}
}

func serverMeanings() map[string]string {
	return map[string]string{
		"db.cache.hit":             "blocks found in the cache of the server, of those asked for between two readings",
		"db.commits":               "transactions that committed, all databases",
		"db.rollbacks":             "transactions that rolled back, all databases",
		"db.temp.bytes":            "written to temporary files, all databases",
		"db.deadlocks":             "deadlocks between two readings, all databases",
		"db.conflicts":             "statements cancelled between two readings because they were in the way of recovery; on standbys",
		"db.checkpoints.age":       "age of the last checkpoint, on a standby of the last restart point",
		"db.checkpoints.requested": "share of the checkpoints that were not due by time, since the statistics began",
		"db.wal.rate":              "write-ahead log made, on a standby replayed",
		"db.wal.dir":               "size of the folder of the write-ahead log",
		"db.disk.used":             "in use of a file system that holds files of the server; only where it runs on this machine",
		"db.disk.free":             "free on a file system that holds files of the server; only where it runs on this machine",
		"db.disk.full_in":          "when that file system is full at the growth of the last 20 minutes",
		"db.io.reads":              "read by all processes of the server (PostgreSQL 16+)",
		"db.io.writes":             "written by all processes of the server (PostgreSQL 16+)",
		"db.standby":               "1 while the server is a standby",
		"db.timeline":              "timeline of the log it writes or follows; a promotion makes a new one",
		"db.replica.lag_bytes":     "log that a standby has not replayed; `(this server)` is the server itself",
		"db.replica.lag_seconds":   "how long ago the log was where the standby is now; 0 once all is replayed",
		"db.replica.gone":          "1 while a standby that has to follow does not, or this server, a standby, receives nothing",
		"db.replica.paused":        "1 while the replay of a standby is paused, by its own word; needs its address (`standbys`)",
		"db.replica.unreplayed":    "log that a standby has received and not replayed, by its own word",
		"db.replica.conflict":      "age of the transaction on a standby for which its replay waits; 0 while it waits for none",
		"db.slots.retained":        "log kept for a replication slot",
		"db.slots.lost":            "1 when a replication slot is invalid or the log it needs is gone",
		"db.slots.inactive":        "replication slots that nobody uses",
		"db.archiver.failing":      "1 while the newest attempt to archive failed",
		"db.archiver.ready":        "segments of the log that wait to be archived",
		"db.progress.running":      "long operations under way that tell how far they are",
		"db.settings.pending":      "settings whose change waits for a restart",
		"db.horizon.xids":          "transactions since the oldest snapshot: rows that died after it cannot be removed",
		"db.own.connections":       "connections that tocsin has open",
		"db.own.statements":        "statements by which tocsin read the server within the last minute",
		"db.own.time":              "time until these were answered, in percent of that minute: what they cost the server of one core is at most that",
		"db.own.bytes":             "received from the server within the last minute",
		"db.own.exec":              "time that the server counts for these, in percent of one core, without parsing and planning (pg_stat_statements)",
		"db.pooler.down":           "attempts in a row in which PgBouncer could not be reached; 0 while it answers",
		"db.pooler.clients":        "clients that PgBouncer serves or that wait",
		"db.pooler.waiting":        "clients that wait for a server connection",
		"db.pooler.maxwait":        "how long the one waits who waits longest",

		"db.indexes.invalid":      "indexes that are invalid and that nobody builds: they cost writes and serve no read",
		"db.indexes.unused.bytes": "size of the indexes that were never scanned since the statistics began and that no constraint needs",
		"db.indexes.missing":      "foreign keys without an index that begins with their columns",
		"db.bloat.bytes":          "what a rewrite of all tables would free, estimated from the statistics of their columns",
		"db.sequence.used":        "share of a sequence, or of the narrower column it feeds, that is gone; the 5 nearest to their end",
		"db.wraparound.pct":       "how much of the way to the last transaction or multixact id is gone, the worse of both; at 100 no write is taken; the 5 oldest databases",
		"db.wraparound.freeze":    "age of the oldest row in percent of the age from which a vacuum is forced (autovacuum_freeze_max_age), the worse of both kinds",
	}
}

func serviceMeanings() map[string]string {
	return map[string]string{
		"host.cpu":          "share of all CPUs that is busy, between two readings",
		"host.load1":        "load average of one minute",
		"host.memory":       "memory that is not available, of the machine or of the cgroup's limit",
		"host.disk.used":    "share of the file system in use",
		"host.disk.inodes":  "share of its inodes in use",
		"host.disk.full_in": "time until it is full at the trend of the last minutes; absent while it does not fill",
		"host.pressure":     "share of the last 10 s in which some task had to wait (Linux, /proc/pressure)",

		"cache.down":         "attempts in a row in which the server could not be reached; 0 while it answers",
		"cache.hit_ratio":    "lookups that found their key, between two readings",
		"cache.lookups":      "lookups of keys, between two readings",
		"cache.ops":          "commands, between two readings",
		"cache.evicted":      "keys evicted for want of memory, between two readings",
		"cache.memory.bytes": "memory in use",
		"cache.memory":       "memory in percent of maxmemory; unknown where that is not set",
		"cache.clients":      "connected clients",
		"cache.keys":         "keys in the database of the address",
		"cache.latency":      "one round trip, with INFO",

		"cache.unending":       "share of maxmemory that is taken by keys without an end, about; unknown where the policy evicts these as well",
		"cache.sampled":        "share of the keys that the numbers by prefix were estimated from",
		"cache.prefix.keys":    "keys that begin alike, about; the 8 prefixes with most keys",
		"cache.prefix.bytes":   "their memory, about",
		"cache.prefix.forever": "share of them that have no end (TTL)",
		"cache.slow.longest":   "the longest of the newest 50 entries of the slow log",

		"upstash.hit_ratio":   "lookups that found their key, as Upstash counts them",
		"upstash.ops":         "commands, as Upstash counts them",
		"upstash.latency.p99": "99th percentile of the latency, as Upstash measures it",
		"upstash.storage":     "storage in percent of what the database may have",
		"upstash.spent":       "cost of the month in percent of its budget; absent where there is none",

		"deploy.failed":        "builds for production, of those listed, that failed",
		"deploy.promotion_off": "1 while new builds do not go live because of a rollback",

		"http.rate":       "requests",
		"http.error_rate": "share of the requests that failed",
		"slo.burn":        "how many times too fast the budget for errors goes (99.9 % over 30 days): the smaller of 1 h and 5 m, or of 6 h and 30 m; unknown until most of the window was watched",
		"http.p50":        "median latency, from merged buckets",
		"http.p95":        "95th percentile of the latency, from merged buckets",
		"http.p99":        "99th percentile of the latency, from merged buckets",

		"service.down":      "1 once several tries in a row failed, 0 once several passed; unknown while the first tries fail",
		"service.latency":   "time that the newest try took",
		"service.tls.hours": "time until the certificate ends",
		"cache.age":         "age of the content that a service gives, where the probe has `fresh`",
		"cache.stale":       "how far that is above its limit; 0 while it is within",

		"provider.trouble": "what the provider says of itself: 0 none, 1 minor, 2 major, 3 critical",
	}
}

func siteMeanings() map[string]string {
	return map[string]string{
		"deploy.newest_failed": "1 while the newest build, but for those that were cancelled, failed",
		"deploy.unfinished":    "builds that are queued or under way",
		"domain.broken":        "1 while a host name of production is not verified, or does not point to the provider",
		"domain.tls.hours":     "time until the certificate for a host name ends, as the provider has it",
		"firewall.blocked":     "addresses and networks that the firewall refuses or challenges",
		"firewall.attack_mode": "1 while every visitor is challenged",
		"firewall.attack":      "1 while the provider sees an attack under way",
		"site.paused":          "1 while the provider serves nothing of the project",
		"provider.budget":      "calls of a provider's API that are left in its present window",
	}
}
