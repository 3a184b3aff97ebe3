package collectors

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tocsin/internal/testkit"
)

// newPair makes the roles and databases of the matrix; nothing is in them yet.
func newPair(t *testing.T, primary, standby database) onePair {
	t.Helper()
	admin := primary.admin(t)
	testkit.Exec(t, admin, "CREATE DATABASE absent", "CREATE DATABASE loaded",
		`CREATE ROLE "`+plainRole+`" LOGIN`,
		"CREATE ROLE monitor LOGIN IN ROLE pg_monitor",
		"CREATE ROLE reader LOGIN IN ROLE pg_read_all_stats")
	testkit.ManagedRole(t, admin, "hosted")
	p := onePair{empty: primary, loaded: primary, replica: standby}
	p.empty.name, p.loaded.name, p.replica.name = "absent", "loaded", "loaded"
	return p
}

// load lets all go on in the database "loaded" that a source can tell of.
func (p onePair) load(t *testing.T) {
	t.Helper()
	inSession(t, p.loaded, filling()...)
	inSession(t, p.loaded, "VACUUM ANALYZE")
	newPileUp(t, p.loaded)
	p.longWork(t)
	p.catchUp(t)
}

// filling makes one of everything that a database may hold.
func filling() []string {
	return []string{
		"CREATE EXTENSION pg_stat_statements",
		"SELECT pg_create_logical_replication_slot('reader', 'test_decoding')",
		"SELECT pg_create_physical_replication_slot('kept', true)",
		`CREATE SCHEMA "My Shop"`,
		`CREATE TABLE "My Shop"."Orders" (id serial PRIMARY KEY, note text) WITH (autovacuum_enabled = off)`,
		`INSERT INTO "My Shop"."Orders" (note) SELECT repeat('x', 50) FROM generate_series(1, 5000) g`,
		`DELETE FROM "My Shop"."Orders" WHERE id % 3 = 0`,
		`CREATE INDEX twin1 ON "My Shop"."Orders" (note)`, `CREATE INDEX twin2 ON "My Shop"."Orders" (note)`,
		`CREATE INDEX longer ON "My Shop"."Orders" (note, id)`,
		`CREATE TABLE "My Shop".items (id bigint GENERATED ALWAYS AS IDENTITY, order_id int REFERENCES "My Shop"."Orders")`,
		"CREATE TABLE nothing ()",
		"CREATE UNLOGGED TABLE passing (id int)",
		"CREATE SEQUENCE down INCREMENT -1 MAXVALUE -1", "CREATE SEQUENCE round MAXVALUE 10 CYCLE",
		"CREATE MATERIALIZED VIEW never AS SELECT 1 AS one WITH NO DATA",
		"CREATE TABLE parts (day date, v int) PARTITION BY RANGE (day)",
		"CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
		"CREATE INDEX ON parts (day)", "INSERT INTO parts SELECT '2026-05-05', g FROM generate_series(1, 100) g",
		"CREATE TABLE held AS SELECT g AS id, repeat('x', 200) AS note FROM generate_series(1, 2000) g",
		"BEGIN", "UPDATE held SET id = 0 WHERE id = 1", "PREPARE TRANSACTION 'forgotten'",
	}
}

// longWork starts what tells how far it is: a build of an index that waits, a
// vacuum and an analyze that are slowed down, a copy and a base backup.
func (p onePair) longWork(t *testing.T) {
	t.Helper()
	loaded := p.loaded
	writer, builder := loaded.admin(t), loaded.admin(t)
	testkit.Exec(t, writer, "SET application_name = 'writer'", "BEGIN", "INSERT INTO parts_1 VALUES ('2026-02-02', 1)")
	background(t, builder, "CREATE INDEX CONCURRENTLY slow ON parts_1 (v)")
	for _, sql := range []string{`VACUUM "My Shop"."Orders"`, "ANALYZE held"} {
		slow := loaded.admin(t)
		testkit.Exec(t, slow, "SET vacuum_cost_delay = 100", "SET vacuum_cost_limit = 1", "SET vacuum_cost_page_hit = 10000", "SET vacuum_cost_page_miss = 10000")
		background(t, slow, sql)
	}
	copyOut(t, loaded.admin(t), "COPY (SELECT pg_sleep(600)) TO STDOUT")
	backup := testkit.Connect(t, loaded.server.DSN("loaded", "postgres")+" replication=true application_name=backup")
	copyOut(t, backup, "BASE_BACKUP")
	operations := 4 // copies tell from 14 on
	if loaded.major >= 14 {
		operations = 5
	}
	c := Progress{Server: loaded.watch(t, "postgres")}
	testkit.Until(t, 20*time.Second, "all that is long to be under way", func(context.Context) bool {
		return len(collect(t, c).Rows) >= operations
	})
}

// copyOut sends a statement whose data nobody reads, until the test ends.
func copyOut(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	stuck, release := io.Pipe()
	go func() {
		defer close(done)
		_, _ = conn.PgConn().CopyTo(ctx, release, sql) // ends with the cancellation
	}()
	t.Cleanup(func() {
		cancel()
		stuck.Close()
		<-done
	})
}

// catchUp waits until the standby has all that the primary has.
func (p onePair) catchUp(t *testing.T) {
	t.Helper()
	there := p.replica.admin(t)
	position := testkit.One[string](t, p.loaded.admin(t), "SELECT pg_current_wal_lsn()::text")
	testkit.Until(t, 20*time.Second, "the standby to catch up", func(context.Context) bool {
		return testkit.One[bool](t, there, "SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn", position)
	})
}
