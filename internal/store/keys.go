package store

import "tocsin/internal/model"

// The kinds of snapshots there are once per target.

// ConnectionsKey names the connections of the PostgreSQL server.
func ConnectionsKey() Key[model.Connections] {
	return Key[model.Connections]{Name: "pg.connections", Version: 1}
}

// ActivityKey names the sessions and locks of the PostgreSQL server.
func ActivityKey() Key[model.Activity] { return Key[model.Activity]{Name: "pg.activity", Version: 1} }

// StatementsKey names the statement deltas of the PostgreSQL server.
func StatementsKey() Key[model.Statements] {
	return Key[model.Statements]{Name: "pg.statements", Version: 1}
}

// TablesKey names the table sizes and dead rows of the PostgreSQL database.
func TablesKey() Key[model.Tables] { return Key[model.Tables]{Name: "pg.tables", Version: 2} }

// IndexesKey names the indexes of the PostgreSQL database.
func IndexesKey() Key[model.Indexes] { return Key[model.Indexes]{Name: "pg.indexes", Version: 1} }

// BloatKey names the estimated bloat of the PostgreSQL database.
func BloatKey() Key[model.Bloat] { return Key[model.Bloat]{Name: "pg.bloat", Version: 1} }

// SequencesKey names the sequences of the PostgreSQL database.
func SequencesKey() Key[model.Sequences] {
	return Key[model.Sequences]{Name: "pg.sequences", Version: 1}
}

// WraparoundKey names the transaction ages of the PostgreSQL server.
func WraparoundKey() Key[model.Wraparound] {
	return Key[model.Wraparound]{Name: "pg.wraparound", Version: 1}
}

// HostKey names the machine tocsin runs on.
func HostKey() Key[model.Host] { return Key[model.Host]{Name: "host", Version: 1} }

// FleetKey names the machines that a Prometheus knows of.
func FleetKey() Key[model.Fleet] { return Key[model.Fleet]{Name: "fleet", Version: 1} }

// RedisKey names the Redis server.
func RedisKey() Key[model.Redis] { return Key[model.Redis]{Name: "redis", Version: 1} }

// KeyspaceKey names what the keys of the Redis server are.
func KeyspaceKey() Key[model.Keyspace] { return Key[model.Keyspace]{Name: "redis.keys", Version: 1} }

// SlowLogKey names the commands of the Redis server that took long.
func SlowLogKey() Key[model.SlowLog] { return Key[model.SlowLog]{Name: "redis.slowlog", Version: 1} }

// UpstashKey names what Upstash counts of the Redis database.
func UpstashKey() Key[model.Upstash] { return Key[model.Upstash]{Name: "redis.upstash", Version: 1} }

// DeploymentsKey names the builds of the application, at Vercel or by a command.
func DeploymentsKey() Key[model.Deployments] {
	return Key[model.Deployments]{Name: "deployments", Version: 2}
}

// The kinds of which a target may have several; the name comes from the
// configuration.

// AppKey names the requests of one application.
func AppKey(name string) Key[model.App] { return Key[model.App]{Name: "app." + name, Version: 2} }

// ProbeKey names the probe of one service.
func ProbeKey(name string) Key[model.Probe] {
	return Key[model.Probe]{Name: "probe." + name, Version: 1}
}

// StandbyKey names what one standby of the PostgreSQL server says of itself.
func StandbyKey(name string) Key[model.Standby] {
	return Key[model.Standby]{Name: "pg.standby." + name, Version: 1}
}

// StatusPageKey names the status page of one provider.
func StatusPageKey(name string) Key[model.StatusPage] {
	return Key[model.StatusPage]{Name: "status." + name, Version: 1}
}

// All gives the samples of every source of one kind, in the order of the
// sources: all probes, all applications.
func All[T Snapshot](v View) []Named[T] {
	var out []Named[T]
	for _, src := range v.Sources() {
		if got, ok := v.Sample(src.Name); ok {
			if s, ok := got.(Sample[T]); ok {
				out = append(out, Named[T]{Status: src, Sample: s})
			}
		}
	}
	return out
}

// Named is a sample with the status of its source.
type Named[T Snapshot] struct {
	Status Status
	Sample Sample[T]
}
