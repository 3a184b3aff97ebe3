-- The replication slots, and the log that is kept for them.
SELECT slot_name::text AS name,
  slot_type AS type,
  coalesce(plugin::text, '') AS plugin,
  coalesce(database::text, '') AS database,
  coalesce(active_pid, 0) AS pid,
  coalesce(wal_status, '') AS wal_status,
  pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, restart_lsn)::bigint
    AS retained,
  safe_wal_size AS "left",
  greatest(age(xmin), age(catalog_xmin), 0)::bigint AS xmin_age,
  '' AS trouble
FROM pg_replication_slots
ORDER BY retained DESC NULLS LAST, slot_name
