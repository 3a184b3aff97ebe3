-- How many connections the server takes.
SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
  pg_is_in_recovery() AS standby,
  current_setting('max_connections')::int AS max,
  current_setting('superuser_reserved_connections')::int
    + coalesce(current_setting('reserved_connections', true)::int, 0) AS reserved
