-- The position of the log and its counters, and whether the role may list its folder.
SELECT clock_timestamp() AS at,
  coalesce(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, '0/0'), 0)::bigint
    AS position,
  wal_records AS records,
  wal_fpi AS full_pages,
  wal_buffers_full AS stalls,
  has_function_privilege('pg_ls_waldir()', 'EXECUTE') AS may_list
FROM pg_stat_wal
