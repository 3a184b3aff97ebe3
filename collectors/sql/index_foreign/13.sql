-- Foreign keys without an index that begins with their columns, in any order.
SELECT k.oid::bigint AS oid, k.conname::text AS name, n.nspname || '.' || c.relname AS "table", fn.nspname || '.' || fc.relname AS refers_to,
  (SELECT array_agg(a.attname::text ORDER BY u.o) FROM unnest(k.conkey) WITH ORDINALITY AS u(n, o)
    JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.n) AS columns,
  current_setting('block_size')::bigint * greatest(c.relpages, 0) AS bytes
FROM pg_constraint AS k
JOIN pg_class AS c ON c.oid = k.conrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_class AS fc ON fc.oid = k.confrelid
JOIN pg_namespace AS fn ON fn.oid = fc.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0
  AND NOT EXISTS (
    SELECT 1 FROM pg_index AS i WHERE i.indrelid = k.conrelid AND i.indisvalid AND i.indpred IS NULL
      AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] <@ k.conkey)
ORDER BY c.relpages DESC, k.oid
