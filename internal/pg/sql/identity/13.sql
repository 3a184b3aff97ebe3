-- Which server this is, and whether it takes writes.
SELECT pg_backend_pid() AS pid,
  pg_is_in_recovery() AS standby,
  current_setting('default_transaction_read_only')::bool AS read_only,
  pg_postmaster_start_time() AS started
