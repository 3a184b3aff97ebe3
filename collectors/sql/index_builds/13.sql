-- Who builds which index now. A REINDEX of a table makes several and tells of one at a time: all of the table count as being built.
SELECT i.indexrelid::bigint AS oid, p.pid
FROM pg_stat_progress_create_index AS p
JOIN pg_index AS i ON i.indexrelid = p.index_relid OR i.indrelid = p.relid
WHERE p.datname = current_database() AND NOT (i.indisvalid AND i.indisready)
