-- When the counters were read and whether they are the same ones as before.
SELECT clock_timestamp() AS at,
  pg_postmaster_start_time() AS started,
  NULL::timestamptz AS reset,
  0::bigint AS evictions
