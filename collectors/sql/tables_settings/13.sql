-- When autovacuum takes a table up, unless its own options say otherwise. The cap came with 18.
SELECT clock_timestamp() AS at,
  current_setting('autovacuum')::bool AS "on",
  current_setting('autovacuum_vacuum_threshold')::float8 AS vacuuming,
  current_setting('autovacuum_vacuum_scale_factor')::float8 AS vacuum_scale,
  coalesce(current_setting('autovacuum_vacuum_max_threshold', true), '-1')::float8 AS vacuum_max,
  current_setting('autovacuum_vacuum_insert_threshold')::float8 AS inserts,
  current_setting('autovacuum_vacuum_insert_scale_factor')::float8 AS insert_scale,
  current_setting('autovacuum_analyze_threshold')::float8 AS analyzing,
  current_setting('autovacuum_analyze_scale_factor')::float8 AS analyze_scale,
  current_setting('autovacuum_freeze_max_age')::float8 AS freeze,
  current_setting('autovacuum_multixact_freeze_max_age')::float8 AS multi
