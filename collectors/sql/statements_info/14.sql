-- When the counters were read and whether they are the same ones as before.
SELECT clock_timestamp() AS at,
  pg_postmaster_start_time() AS started,
  i.stats_reset AS reset,
  i.dealloc AS evictions
FROM {schema}.pg_stat_statements_info AS i
