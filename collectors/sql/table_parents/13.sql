-- Partitioned tables, which have no storage of their own.
SELECT c.oid::bigint AS oid, n.nspname::text AS schema, c.relname::text AS name, coalesce(h.inhparent, 0)::bigint AS parent
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_inherits AS h ON h.inhrelid = c.oid AND c.relispartition
WHERE c.relkind = 'p' AND n.nspname !~ '^pg_temp'
