-- The counters without the texts: those would load the whole text file into the backend. Times in nanoseconds.
SELECT s.userid::bigint AS role, s.dbid::bigint AS database, s.queryid AS id, s.toplevel AS top_level,
  s.calls, s.rows, (1000000 * s.total_exec_time)::bigint AS total, s.shared_blks_hit AS hits, s.shared_blks_read AS reads,
  s.temp_blks_written * (SELECT current_setting('block_size')::bigint) AS temp_bytes, s.wal_bytes::bigint AS wal_bytes
FROM {schema}.pg_stat_statements(showtext := false) AS s
WHERE s.queryid IS NOT NULL
