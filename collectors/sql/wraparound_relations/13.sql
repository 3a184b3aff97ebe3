-- The relations that keep the connected database old; TOAST tables and catalogues count too.
SELECT c.oid::bigint AS oid, n.nspname::text AS schema, c.relname::text AS name,
  coalesce(onsp.nspname || '.' || o.relname, '') AS toast_of,
  current_setting('block_size')::bigint * c.relpages AS bytes,
  age(c.relfrozenxid)::bigint AS xid_age,
  CASE WHEN c.relminmxid = '0' THEN 0 ELSE mxid_age(c.relminmxid) END::bigint AS mxid_age
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_class AS o ON o.reltoastrelid = c.oid
LEFT JOIN pg_namespace AS onsp ON onsp.oid = o.relnamespace
WHERE c.relkind IN ('r', 'm', 't') AND c.relfrozenxid <> '0'
ORDER BY greatest(age(c.relfrozenxid), CASE WHEN c.relminmxid = '0' THEN 0 ELSE mxid_age(c.relminmxid) END) DESC, c.relpages DESC, c.oid
LIMIT 50
