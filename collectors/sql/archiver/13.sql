-- How archiving of the log goes, and whether the role may list what waits.
SELECT current_setting('archive_mode') AS mode,
  archived_count AS archived,
  coalesce(last_archived_wal, '') AS last,
  last_archived_time AS last_at,
  failed_count AS failed,
  coalesce(last_failed_wal, '') AS last_failed,
  last_failed_time AS failed_at,
  has_function_privilege('pg_ls_archive_statusdir()', 'EXECUTE') AS may_list
FROM pg_stat_archiver
