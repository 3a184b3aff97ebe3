-- Who keeps vacuum from removing rows; $1 are our own sessions. The snapshots of others are seen by any role.
SELECT 'session' AS kind,
  coalesce(application_name, '') AS name,
  pid,
  backend_start,
  coalesce(datname::text, '') AS database,
  coalesce(usename::text, '') AS owner,
  age(backend_xmin)::bigint AS xmin_age,
  extract(epoch FROM clock_timestamp() - xact_start)::float8 AS secs,
  coalesce(state, '') AS state
FROM pg_stat_activity
WHERE backend_xmin IS NOT NULL AND backend_type IS DISTINCT FROM 'walsender' AND pid <> pg_backend_pid() AND pid <> ALL ($1::int[])
  AND pid NOT IN (SELECT pid FROM pg_stat_replication)
UNION ALL
SELECT 'prepared', gid, 0, prepared, database::text, owner::text, age(transaction)::bigint,
  extract(epoch FROM clock_timestamp() - prepared)::float8, ''
FROM pg_prepared_xacts
UNION ALL
SELECT 'slot', slot_name::text, 0, NULL, coalesce(database::text, ''), '', greatest(age(xmin), age(catalog_xmin))::bigint, NULL,
  CASE WHEN active THEN 'active' ELSE 'inactive' END
FROM pg_replication_slots
WHERE xmin IS NOT NULL OR catalog_xmin IS NOT NULL
UNION ALL
SELECT 'standby', coalesce(application_name, ''), 0, NULL, '', coalesce(usename::text, ''), age(backend_xmin)::bigint, NULL, coalesce(state, '')
FROM pg_stat_replication
WHERE backend_xmin IS NOT NULL
ORDER BY xmin_age DESC, pid
