package actions

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/pg"
)

// workRate is how much of a table a server gets through in a second when it
// reads and writes it once, in bytes. It is low on purpose: the times that are
// told from it are for deciding, and disks in trouble are slow.
const workRate = 50 << 20

// relation is a table with what a plan of its upkeep has to know.
// Source: pg_class, pg_settings; sizes as [relation.measure] found them.
type relation struct {
	owned
	OID      int64
	Schema   string
	Table    string
	Kind     string // pg_class.relkind: r, p, m
	Version  int    // 170004
	Owns     bool   // its owner, or a superuser
	OwnsDB   bool   // owner of the database
	Maintain bool   // MAINTAIN (17 and later)
	Creates  bool   // CREATE on the schema
	Standby  bool
	Rows     int64 // about; 0 where it was never analyzed
	Heap     int64 // bytes, of table and TOAST
	Indexes  int64 // bytes
	Exact    bool  // sizes are of now; else as old as the last VACUUM or ANALYZE
}

const relationSQL = `
SELECT` + ownedColumns + ` c.oid::bigint AS oid, n.nspname::text AS schema, c.relname::text AS "table", c.relkind::text AS kind,
  current_setting('server_version_num')::int AS version, pg_has_role(c.relowner, 'USAGE') AS owns,
  pg_has_role(d.datdba, 'USAGE') AND NOT c.relisshared AS owns_db,
  CASE WHEN current_setting('server_version_num')::int >= 170000 THEN has_table_privilege(c.oid, 'MAINTAIN') ELSE false END AS maintain,
  has_schema_privilege(n.oid, 'CREATE') AS creates, pg_is_in_recovery() AS standby,
  greatest(c.reltuples, 0)::bigint AS rows, false AS exact,
  (c.relpages + coalesce((SELECT sum(t.relpages) FROM pg_class t WHERE t.oid = c.reltoastrelid), 0))::bigint
    * current_setting('block_size')::bigint AS heap,
  coalesce((SELECT sum(x.relpages) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid), 0)::bigint
    * current_setting('block_size')::bigint AS indexes
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_database d ON d.datname = current_database()
WHERE c.oid = $1::oid`

// readRelation looks at the table of this name.
func readRelation(ctx context.Context, conn *pg.Conn, name string) (relation, error) {
	_, oid, err := conn.QuoteTable(ctx, name)
	if err != nil {
		return relation{}, err
	}
	found, err := pg.Query[relation](ctx, conn, relationSQL, oid)
	if err != nil {
		return relation{}, fmt.Errorf("look at the table: %w", err)
	}
	if len(found) == 0 {
		return relation{}, fmt.Errorf("table %s is gone", name)
	}
	r := found[0]
	r.measure(ctx, conn)
	return r, nil
}

// measure takes the sizes of now, unless that would wait behind somebody who
// has the table locked. What it sets is undone when the connection goes back.
func (r *relation) measure(ctx context.Context, conn *pg.Conn) {
	if _, _, err := conn.Exec(ctx, "SET lock_timeout = '250ms'"); err != nil {
		return
	}
	var heap, indexes int64
	const sql = "SELECT pg_table_size(c.oid), pg_indexes_size(c.oid) FROM pg_class c WHERE c.oid = $1::oid"
	if conn.QueryRow(ctx, sql, r.OID).Scan(&heap, &indexes) == nil && r.Kind != "p" {
		r.Heap, r.Indexes, r.Exact = heap, indexes, true
	}
}

func (r relation) name() string { return r.Schema + "." + r.Table }

// sizes writes both sizes for people.
func (r relation) sizes() string {
	about := ""
	if !r.Exact {
		about = "about "
	}
	return fmt.Sprintf("%s%s of table, %s of indexes", about, size(r.Heap), size(r.Indexes))
}

// mayMaintain says why the role may not do verb to the table; "" when it may.
// The owner of the database may vacuum and analyze, and no more.
func (r relation) mayMaintain(verb string, databaseOwner bool) string {
	switch {
	case r.Standby:
		return "the server is a standby: run it on the primary"
	case r.Owns || r.Maintain || databaseOwner && r.OwnsDB:
		return r.closed()
	case r.Version >= 170000:
		return fmt.Sprintf("role %s may not %s %s: GRANT MAINTAIN ON %s TO %s", r.Me, verb, r.name(), r.Quoted, r.Me)
	}
	return fmt.Sprintf("role %s may not %s %s, %s", r.Me, verb, r.name(), r.onlyOwner())
}

// duration is the time for getting through that many bytes, for people.
func duration(bytes int64) string {
	d := max(time.Duration(float64(bytes)/workRate*float64(time.Second)), time.Second)
	return fmt.Sprintf("about %s at %s a second; longer under load", took(d.Round(time.Second)), size(workRate))
}

// facts is what goes into the audit.
func (r relation) facts() map[string]any {
	return map[string]any{"oid": oidText(r.OID), "owner": r.Owner, "table_bytes": r.Heap, "index_bytes": r.Indexes, "rows_about": r.Rows}
}

// locker is one session with a lock on a table, or in the queue for one.
// Source: pg_locks, pg_stat_activity.
type locker struct {
	PID     int64 // 0 for a prepared transaction
	Mode    string
	Granted bool
	About   string   // "app=api, role shop, idle in transaction"; "" where it may not be seen
	Age     *float64 // of its transaction, in seconds; nil where it is not known
}

const lockersSQL = `
SELECT * FROM (
  SELECT DISTINCT ON (l.pid, l.granted) coalesce(l.pid, 0)::bigint AS pid, l.mode, l.granted,
    concat_ws(', ', 'app=' || nullif(a.application_name, ''), 'role ' || a.usename, nullif(a.backend_type, 'client backend'), a.state) AS about,
    extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS age
  FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.locktype = 'relation' AND l.relation = $1::oid AND l.pid IS DISTINCT FROM pg_backend_pid()
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  ORDER BY l.pid, l.granted, array_position(ARRAY['AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock',
    'ShareLock', 'ShareUpdateExclusiveLock', 'RowExclusiveLock', 'RowShareLock', 'AccessShareLock'], l.mode)
) q ORDER BY granted DESC, age DESC NULLS LAST`

// queue is who has a table locked, longest first, and then who waits for it.
type queue []locker

func readQueue(ctx context.Context, conn *pg.Conn, oid int64) (queue, error) {
	found, err := pg.Query[locker](ctx, conn, lockersSQL, oid)
	if err != nil {
		return nil, fmt.Errorf("look at the locks: %w", err)
	}
	return found, nil
}

func (l locker) who() string {
	if l.PID == 0 {
		return "a prepared transaction"
	}
	text := fmt.Sprintf("pid %d", l.PID)
	if l.About != "" {
		text += " (" + l.About + ")"
	}
	if l.Age != nil {
		text += ", in a transaction for " + took(seconds(*l.Age))
	}
	return text
}

// holders are those with a lock.
func (q queue) holders() queue { return q.of(func(l locker) bool { return l.Granted }) }

// waiting are those in the queue for one.
func (q queue) waiting() queue { return q.of(func(l locker) bool { return !l.Granted }) }

// upkeep are those whose lock keeps out other maintenance, but not readers and
// not writers of rows.
func (q queue) upkeep() queue {
	return q.of(func(l locker) bool {
		return l.Granted && l.Mode != "AccessShareLock" && l.Mode != "RowShareLock" && l.Mode != "RowExclusiveLock"
	})
}

// slow are those whose transaction does not look as if it ended within d.
func (q queue) slow(d time.Duration) queue {
	return q.of(func(l locker) bool {
		return l.Age == nil || *l.Age >= d.Seconds() || strings.Contains(l.About, "idle in transaction")
	})
}

func (q queue) of(keep func(locker) bool) queue {
	var out queue
	for _, l := range q {
		if keep(l) {
			out = append(out, l)
		}
	}
	return out
}

// who names the first of them and counts the others.
func (q queue) who() string {
	if len(q) == 1 {
		return q[0].who()
	}
	return fmt.Sprintf("%s, and %s more", q[0].who(), count(int64(len(q)-1), "session"))
}

// waitNotes is the line of a card that says that these are waited for, and then
// what; none where there is nobody.
func (q queue) waitNotes(then string) []Note {
	if len(q) == 0 {
		return nil
	}
	return notes("waits for", q.who()+then)
}
