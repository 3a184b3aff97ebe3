-- What a standby receives and replays. The time since the last commit says nothing once all is replayed.
SELECT coalesce(r.status, '') AS status,
  coalesce(r.sender_host, '') AS "from",
  (SELECT s.setting <> '' FROM pg_settings AS s WHERE s.name = 'primary_conninfo') AS expected,
  pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::bigint AS unreplayed,
  CASE WHEN pg_last_wal_receive_lsn() <= pg_last_wal_replay_lsn() THEN 0
    ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END::float8 AS lag_s,
  CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE false END AS paused
FROM (SELECT 1) AS x
LEFT JOIN pg_stat_wal_receiver AS r ON true
