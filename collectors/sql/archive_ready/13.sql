-- The segments that wait to be archived; pg_monitor may list them.
SELECT count(*) AS ready FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'
