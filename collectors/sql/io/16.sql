-- What each kind of process read and wrote. Times are counted only with track_io_timing, for the log with
-- track_wal_io_timing.
SELECT clock_timestamp() AS at,
  current_setting('track_io_timing')::bool AS timed,
  backend_type AS backend,
  object,
  context,
  coalesce(reads, 0) AS reads,
  (coalesce(reads * op_bytes, 0))::bigint AS read_bytes,
  coalesce(read_time, 0) AS read_ms,
  coalesce(writes, 0) + coalesce(extends, 0) AS writes,
  ((coalesce(writes, 0) + coalesce(extends, 0)) * op_bytes)::bigint AS write_bytes,
  coalesce(write_time, 0) + coalesce(extend_time, 0) AS write_ms,
  coalesce(hits, 0) AS hits,
  coalesce(evictions, 0) AS evictions
FROM pg_stat_io
