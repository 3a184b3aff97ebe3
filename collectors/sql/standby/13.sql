-- What the replay of a standby waits for, and the session in its way: of those with the lock, or with
-- a snapshot, the one with the oldest transaction. pg_blocking_pids knows nothing of the process that replays.
SELECT pg_is_in_recovery() AS standby,
  coalesce(r.wait_event, '') AS waits,
  coalesce(b.pid, 0) AS pid,
  coalesce(b.application_name, '') AS app,
  coalesce(b.usename::text, '') AS role,
  coalesce(b.state, '') AS state,
  extract(epoch FROM clock_timestamp() - b.xact_start)::float8 AS secs
FROM (SELECT 1) AS x
LEFT JOIN pg_stat_activity AS r
  ON r.backend_type = 'startup' AND (r.wait_event LIKE 'RecoveryConflict%' OR r.wait_event_type = 'Lock' OR r.wait_event = 'BufferPin')
LEFT JOIN LATERAL (
  SELECT c.*
  FROM pg_stat_activity AS c
  WHERE r.pid IS NOT NULL AND c.datid IS NOT NULL AND c.pid <> pg_backend_pid()
    AND CASE WHEN r.wait_event_type = 'Lock' THEN c.pid IN (
        SELECT held.pid
        FROM pg_locks AS wanted
        JOIN pg_locks AS held ON held.granted AND held.database = wanted.database AND held.relation = wanted.relation
        WHERE wanted.pid = r.pid AND NOT wanted.granted)
      ELSE c.backend_xmin IS NOT NULL END
  ORDER BY c.xact_start
  LIMIT 1
) AS b ON true
