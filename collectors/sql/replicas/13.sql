-- The standbys that follow. A role without pg_read_all_stats sees only pid, name and snapshot.
SELECT pid,
  coalesce(application_name, '') AS name,
  coalesce(host(client_addr), '') AS client,
  coalesce(state, '') AS state,
  coalesce(sync_state, '') AS sync,
  pg_wal_lsn_diff(replay_lsn, '0/0')::bigint AS replayed,
  extract(epoch FROM replay_lag)::float8 AS replay_s,
  extract(epoch FROM clock_timestamp() - reply_time)::float8 AS reply_s,
  coalesce(age(backend_xmin), 0)::bigint AS xmin_age
FROM pg_stat_replication
ORDER BY application_name, pid
