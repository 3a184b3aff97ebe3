-- The counters without the texts: those would load the whole text file into the backend.
SELECT s.userid::bigint AS role, s.dbid::bigint AS database, s.queryid AS id, true AS top_level,
  s.calls, s.rows, s.total_exec_time AS total_ms, s.shared_blks_hit AS hits, s.shared_blks_read AS reads,
  s.temp_blks_written AS temp_blocks, s.wal_bytes::bigint AS wal_bytes
FROM {schema}.pg_stat_statements(showtext := false) AS s
WHERE s.queryid IS NOT NULL
