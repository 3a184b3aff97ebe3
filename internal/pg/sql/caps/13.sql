-- What this session is and may do.
SELECT current_setting('server_version_num')::int AS version,
  pg_backend_pid() AS pid,
  pg_is_in_recovery() AS standby,
  pg_postmaster_start_time() AS started,
  current_user::text AS role,
  pg_has_role('pg_read_all_stats', 'USAGE') AS read_stats,
  coalesce(n.nspname::text, '') AS pgss_schema,
  coalesce(e.extversion, '') AS pgss_version,
  coalesce(NOT has_schema_privilege(n.oid, 'USAGE'), false) AS pgss_shut
FROM (SELECT 1) AS one
LEFT JOIN pg_extension AS e ON e.extname = 'pg_stat_statements'
LEFT JOIN pg_namespace AS n ON n.oid = e.extnamespace
