-- How buffers reach the disk, since the statistics began; those of sessions are in pg_stat_io.
SELECT CASE WHEN pg_is_in_recovery() THEN c.restartpoints_timed ELSE c.num_timed END AS timed,
  CASE WHEN pg_is_in_recovery() THEN c.restartpoints_req ELSE c.num_requested END AS requested,
  c.write_time AS write_ms,
  c.sync_time AS sync_ms,
  c.buffers_written AS buffers,
  b.buffers_clean AS clean,
  b.maxwritten_clean AS halted,
  NULL::bigint AS backends,
  c.stats_reset AS since,
  extract(epoch FROM clock_timestamp() - (SELECT checkpoint_time FROM pg_control_checkpoint()))::float8 AS last_s
FROM pg_stat_checkpointer AS c, pg_stat_bgwriter AS b
