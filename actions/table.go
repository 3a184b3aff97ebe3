package actions

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/pg"
)

// deadRows is the metric that a vacuum is judged by.
const deadRows = "db.dead_tuples.pct"

// oldSnapshot is the age from which a snapshot is worth a word where it makes
// others wait; what a vacuum would free is lost to it much earlier.
const (
	oldSnapshot  = time.Minute
	keptSnapshot = 5 * time.Second
)

// tableState is what a plan has to know about one table, its partitions
// included. Source: pg_class, pg_stat_all_tables, pg_locks.
type tableState struct {
	owned
	Schema   string
	Table    string
	May      bool // own it or the database, or MAINTAIN (17 and later)
	Maintain bool // the server knows MAINTAIN
	Standby  bool
	Bytes    int64 // about: as old as the last VACUUM or ANALYZE
	Live     int64
	Dead     int64
	Vacuums  int64  // by hand and automatic, since the statistics began
	Blocker  int64  // a session whose lock on the table a vacuum waits for; 0 without one
	Lock     string // its mode
	Running  int64  // a vacuum by hand that is under way; 0 without one
}

// readTableSQL has {maintain} for what MAINTAIN is on this server.
const readTableSQL = `
WITH parts AS (
  SELECT $1::oid AS relid
  UNION
  SELECT relid FROM pg_partition_tree($1::oid::regclass) WHERE isleaf
), stats AS (
  SELECT coalesce(sum(s.n_live_tup), 0)::bigint AS live, coalesce(sum(s.n_dead_tup), 0)::bigint AS dead,
    coalesce(sum(s.vacuum_count + s.autovacuum_count), 0)::bigint AS vacuums
  FROM parts p JOIN pg_stat_all_tables s ON s.relid = p.relid
)
SELECT` + ownedColumns + ` n.nspname::text AS schema, c.relname::text AS "table",
  pg_has_role(c.relowner, 'USAGE') OR (pg_has_role(d.datdba, 'USAGE') AND NOT c.relisshared) OR {maintain} AS may,
  current_setting('server_version_num')::int >= 170000 AS maintain, pg_is_in_recovery() AS standby,
  (SELECT sum(k.relpages)::bigint FROM parts p JOIN pg_class k ON k.oid = p.relid) * current_setting('block_size')::bigint AS bytes,
  stats.live, stats.dead, stats.vacuums,
  coalesce(l.pid, 0)::bigint AS blocker, coalesce(l.mode, '') AS lock, coalesce(v.pid, 0)::bigint AS running
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_database d ON d.datname = current_database()
CROSS JOIN stats
LEFT JOIN LATERAL (
  SELECT k.pid, k.mode FROM pg_locks k
  WHERE k.granted AND k.locktype = 'relation' AND k.database = d.oid AND k.relation = c.oid AND k.pid <> pg_backend_pid()
    AND k.mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
  ORDER BY k.mode LIMIT 1
) l ON true
LEFT JOIN LATERAL (
  SELECT p.pid FROM pg_stat_progress_vacuum p JOIN pg_stat_activity a ON a.pid = p.pid
  WHERE p.relid = c.oid AND a.backend_type = 'client backend' LIMIT 1
) v ON true
WHERE c.oid = $1::oid`

// readTable looks at one table.
func readTable(ctx context.Context, conn *pg.Conn, oid int64) (tableState, error) {
	may := "false"
	var version int
	if err := conn.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		return tableState{}, fmt.Errorf("read the server version: %w", err)
	}
	if version >= 170000 {
		may = "has_table_privilege(c.oid, 'MAINTAIN')"
	}
	found, err := pg.Query[tableState](ctx, conn, strings.Replace(readTableSQL, "{maintain}", may, 1), oid)
	if err != nil {
		return tableState{}, fmt.Errorf("look at the table: %w", err)
	}
	if len(found) == 0 {
		return tableState{}, fmt.Errorf("the table is gone")
	}
	return found[0], nil
}

func (t tableState) name() string { return t.Schema + "." + t.Table }

// deadPct is the share of dead rows in percent; 0 for an empty table.
func (t tableState) deadPct() float64 {
	if t.Live+t.Dead == 0 {
		return 0
	}
	return 100 * float64(t.Dead) / float64(t.Live+t.Dead)
}

// fault says why a vacuum would do nothing; "" when it would do something.
func (t tableState) fault() string {
	switch {
	case t.Standby:
		return "the server is a standby: run it on the primary"
	case !t.May && t.Maintain:
		return fmt.Sprintf("role %s may not vacuum %s, the server would skip it: GRANT MAINTAIN ON %s TO %s", t.Me, t.name(), t.Quoted, t.Me)
	case !t.May:
		return fmt.Sprintf("role %s may not vacuum %s, the server would skip it: %s", t.Me, t.name(), t.onlyOwner())
	case !t.Looks:
		return t.closed()
	case t.Running != 0:
		return fmt.Sprintf("a vacuum of %s is under way as pid %d", t.name(), t.Running)
	}
	return ""
}

func (t tableState) notes() []Note {
	list := []Note{
		{"reads", fmt.Sprintf("about %s; %s of %s are dead (%.0f %%)", size(t.Bytes), count(t.Dead, "row"), count(t.Live+t.Dead, "row"), t.deadPct())},
		{"locks", "neither readers nor writers; ALTER TABLE and other maintenance of it wait"},
	}
	if t.Blocker != 0 {
		list = append(list, Note{"waits for", fmt.Sprintf("pid %d, which holds %s: gives up after %s", t.Blocker, t.Lock, took(vacuumLockWait))})
	}
	return append(list,
		Note{"will not", "make the file smaller: the space is used again by new rows"},
		Note{"can be cancelled", "at any moment; what was cleaned stays clean"})
}

func (t tableState) facts() map[string]any {
	facts := map[string]any{"live_rows": t.Live, "dead_rows": t.Dead, "bytes_about": t.Bytes, "owner": t.Owner}
	if t.Blocker != 0 {
		facts["locked_by"], facts["lock"] = t.Blocker, t.Lock
	}
	return facts
}

// holder keeps rows from being removed.
// Source: pg_stat_activity, pg_prepared_xacts, pg_replication_slots, pg_stat_replication.
type holder struct {
	Kind  string
	Name  string
	About string
	Age   *float64 // seconds; nil where it is not known
}

const holdersSQL = `
SELECT kind, name, about, age FROM (
  SELECT 'pid' AS kind, a.pid::text AS name,
    concat_ws(', ', 'app=' || nullif(a.application_name, ''), 'role ' || a.usename, a.state) AS about,
    extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS age, greatest(age(a.backend_xmin), age(a.backend_xid)) AS xmin_age
  FROM pg_stat_activity a
  WHERE (a.backend_xmin IS NOT NULL OR a.backend_xid IS NOT NULL) AND a.pid <> pg_backend_pid() AND a.datname = current_database()
    AND a.backend_type = 'client backend' AND NOT EXISTS (SELECT FROM pg_stat_progress_vacuum v WHERE v.pid = a.pid)
  UNION ALL
  SELECT 'prepared transaction', gid, 'role ' || owner, extract(epoch FROM clock_timestamp() - prepared)::float8, age(transaction)
  FROM pg_prepared_xacts WHERE database = current_database()
  UNION ALL
  SELECT 'replication slot', slot_name::text, CASE WHEN active THEN 'active' ELSE 'inactive' END, NULL, greatest(age(xmin), age(catalog_xmin))
  FROM pg_replication_slots WHERE xmin IS NOT NULL AND age(xmin) > 10000
  UNION ALL
  SELECT 'standby', application_name, 'hot_standby_feedback', NULL, age(backend_xmin)
  FROM pg_stat_replication WHERE age(backend_xmin) > 10000
) h
WHERE age IS NULL OR age >= $1
ORDER BY xmin_age DESC`

// snapshotHolders lists who has kept a vacuum from removing rows for at least
// that long, the one with the oldest snapshot first.
func snapshotHolders(ctx context.Context, conn *pg.Conn, since time.Duration) ([]holder, error) {
	found, err := pg.Query[holder](ctx, conn, holdersSQL, since.Seconds())
	if err != nil {
		return nil, fmt.Errorf("look for old snapshots: %w", err)
	}
	return found, nil
}

// who names the holder: "pid 4711 (app=report, idle in transaction), for 22m0s".
func (h holder) who() string {
	text := fmt.Sprintf("%s %s (%s)", h.Kind, h.Name, h.About)
	if h.Age == nil {
		return text
	}
	return text + ", for " + took(seconds(*h.Age))
}
