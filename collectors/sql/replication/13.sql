-- Who the server is: primary or standby, since when, on which timeline, and where its log is.
SELECT clock_timestamp() AS at,
  pg_is_in_recovery() AS standby,
  pg_postmaster_start_time() AS started,
  CASE WHEN pg_is_in_recovery()
    THEN coalesce((SELECT received_tli FROM pg_stat_wal_receiver), (SELECT timeline_id FROM pg_control_checkpoint()))
    ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int
  END AS timeline,
  coalesce(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, '0/0'), 0)::bigint
    AS position
