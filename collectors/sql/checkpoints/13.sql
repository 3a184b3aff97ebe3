-- How buffers reach the disk, since the statistics began.
SELECT checkpoints_timed AS timed,
  checkpoints_req AS requested,
  checkpoint_write_time AS write_ms,
  checkpoint_sync_time AS sync_ms,
  buffers_checkpoint AS buffers,
  buffers_clean AS clean,
  maxwritten_clean AS halted,
  buffers_backend AS backends,
  stats_reset AS since,
  extract(epoch FROM clock_timestamp() - (SELECT checkpoint_time FROM pg_control_checkpoint()))::float8 AS last_s
FROM pg_stat_bgwriter
