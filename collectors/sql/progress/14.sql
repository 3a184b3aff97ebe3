-- All that tells how far it is. Names of relations of other databases cannot be looked up from here. A role without
-- pg_read_all_stats sees of other roles only that something is under way.
WITH p (kind, pid, datname, relid, phase, done, total, unit, note) AS (
  SELECT 'vacuuming', pid, datname, relid, phase, heap_blks_scanned, heap_blks_total, 'blocks',
    CASE WHEN index_vacuum_count > 0 THEN 'index pass ' || index_vacuum_count ELSE '' END
  FROM pg_stat_progress_vacuum
  UNION ALL
  SELECT coalesce(command, 'index build'), pid, datname, relid, phase,
    CASE WHEN lockers_total > 0 AND phase LIKE 'waiting%' THEN lockers_done WHEN blocks_total > 0 THEN blocks_done ELSE tuples_done END,
    CASE WHEN lockers_total > 0 AND phase LIKE 'waiting%' THEN lockers_total WHEN blocks_total > 0 THEN blocks_total ELSE tuples_total END,
    CASE WHEN lockers_total > 0 AND phase LIKE 'waiting%' THEN 'sessions' WHEN blocks_total > 0 THEN 'blocks' ELSE 'rows' END,
    CASE WHEN current_locker_pid > 0 THEN 'waits for pid ' || current_locker_pid ELSE '' END
  FROM pg_stat_progress_create_index
  UNION ALL
  SELECT 'analyzing', pid, datname, relid, phase, sample_blks_scanned, sample_blks_total, 'blocks', ''
  FROM pg_stat_progress_analyze
  UNION ALL
  SELECT coalesce(command, 'table rewrite'), pid, datname, relid, phase,
    CASE WHEN phase = 'seq scanning heap' THEN heap_blks_scanned ELSE heap_tuples_written END,
    CASE WHEN phase = 'seq scanning heap' THEN heap_blks_total ELSE heap_tuples_scanned END,
    CASE WHEN phase = 'seq scanning heap' THEN 'blocks' ELSE 'rows' END,
    CASE WHEN index_rebuild_count > 0 THEN index_rebuild_count || ' indexes built' ELSE '' END
  FROM pg_stat_progress_cluster
  UNION ALL
  SELECT 'BASE BACKUP', pid, '', 0::oid, phase, backup_streamed, backup_total, 'B', ''
  FROM pg_stat_progress_basebackup
  UNION ALL
  SELECT coalesce(command, 'copy'), pid, datname, relid, '', bytes_processed, bytes_total, 'B', tuples_processed || ' rows'
  FROM pg_stat_progress_copy
)
SELECT p.kind,
  p.pid,
  a.backend_start,
  coalesce(p.datname::text, '') AS database,
  coalesce(n.nspname || '.' || c.relname, '') AS relation,
  coalesce(p.phase, '') AS phase,
  coalesce(p.done, 0) AS done,
  coalesce(p.total, 0) AS total,
  coalesce(p.unit, '') AS unit,
  coalesce(p.note, '') AS note,
  coalesce(a.application_name, '') AS app,
  extract(epoch FROM clock_timestamp() - a.query_start)::float8 AS run_s
FROM p
LEFT JOIN pg_stat_activity AS a ON a.pid = p.pid
LEFT JOIN pg_class AS c ON c.oid = p.relid AND p.datname = current_database()
LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace
ORDER BY a.query_start, p.pid
