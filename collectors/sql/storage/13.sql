-- Where the server keeps its files: each tablespace with its folder, the ordinary one with the data directory.
SELECT t.spcname AS tablespace,
  coalesce(nullif(pg_tablespace_location(t.oid), ''), s.setting, '') AS folder,
  coalesce(s.setting, '') AS data,
  inet_server_addr() IS NULL AS socket,
  current_setting('port')::int AS port,
  pg_postmaster_start_time() AS started
FROM pg_tablespace t LEFT JOIN pg_settings s ON s.name = 'data_directory'
WHERE t.spcname <> 'pg_global'
ORDER BY t.spcname <> 'pg_default', t.spcname
