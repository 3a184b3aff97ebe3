-- The counters of the databases.
SELECT clock_timestamp() AS at,
  datid::bigint AS id,
  datname::text AS name,
  numbackends AS backends,
  xact_commit AS commits,
  xact_rollback AS rollbacks,
  blks_hit AS hits,
  blks_read AS reads,
  temp_files,
  temp_bytes,
  deadlocks,
  conflicts,
  stats_reset AS since
FROM pg_stat_database
WHERE datname IS NOT NULL
ORDER BY datname
