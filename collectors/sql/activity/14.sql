-- All sessions but our own reading ones ($1).
SELECT a.pid,
  a.backend_start,
  coalesce(a.leader_pid, 0) AS leader_pid,
  coalesce(a.backend_type, '') AS type,
  coalesce(a.datname::text, '') AS database,
  coalesce(a.usename::text, '') AS role,
  coalesce(a.application_name, '') AS app,
  coalesce(host(a.client_addr), '') AS client,
  coalesce(a.state, '') AS state,
  coalesce(a.wait_event_type, '') AS wait_type,
  coalesce(a.wait_event, '') AS wait,
  coalesce(a.query_id, 0) AS query_id,
  extract(epoch FROM clock_timestamp() - a.backend_start)::float8 AS conn_s,
  extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS tx_s,
  extract(epoch FROM clock_timestamp() - a.query_start)::float8 AS query_s,
  extract(epoch FROM clock_timestamp() - a.state_change)::float8 AS state_s,
  coalesce(age(a.backend_xmin), 0)::bigint AS xmin_age,
  a.backend_xid IS NOT NULL AS has_xid,
  CASE WHEN a.query = '<insufficient privilege>' THEN '' ELSE coalesce(left(a.query, 500), '') END AS query
FROM pg_stat_activity AS a
WHERE a.pid <> pg_backend_pid() AND a.pid <> ALL ($1::int[])
ORDER BY a.xact_start NULLS LAST, a.pid
