-- The settings that are not at their default, less those of our own session. What may hold a secret is not read.
SELECT clock_timestamp() AS at,
  pg_has_role('pg_read_all_settings', 'USAGE') AS "all",
  name,
  CASE WHEN name ~* '(secret|passw|passphrase|token|conninfo|jwt|credential|api_?key|private_?key)' THEN '(not read)'
    ELSE coalesce(current_setting(name, true), '') END AS value,
  source,
  pending_restart AS restart
FROM pg_settings
WHERE source NOT IN ('default', 'override', 'client', 'session', 'command line') OR pending_restart
ORDER BY name
