-- What a rewrite of each table would free, estimated from the statistics of its columns; they need SELECT on the table.
WITH w AS (
  SELECT schemaname, tablename, sum((1 - null_frac) * avg_width) AS data, max(null_frac) > 0 AS has_null, count(*) AS ncol
  FROM pg_stats WHERE NOT inherited GROUP BY 1, 2
)
SELECT c.oid::bigint AS oid, n.nspname::text AS schema, c.relname::text AS name,
  b.size * c.relpages AS heap_bytes,
  b.size * coalesce(x.relpages, 0)::bigint AS toast_bytes,
  CASE WHEN w.data IS NOT NULL AND c.reltuples > 0 THEN greatest(c.relpages - e.pages, 0)::bigint * b.size END AS bloat_bytes,
  has_any_column_privilege(c.oid, 'SELECT') AS readable,
  c.relrowsecurity AND row_security_active(c.oid) AS rls,
  c.reltuples::bigint AS rows,
  coalesce(s.n_mod_since_analyze, 0)::bigint AS mod_since
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN (SELECT current_setting('block_size')::bigint AS size) AS b
LEFT JOIN pg_class AS x ON x.oid = c.reltoastrelid
LEFT JOIN pg_stat_all_tables AS s ON s.relid = c.oid
LEFT JOIN w ON w.schemaname = n.nspname AND w.tablename = c.relname
CROSS JOIN LATERAL (
  SELECT coalesce((SELECT option_value::int FROM pg_options_to_table(c.reloptions) WHERE option_name = 'fillfactor'), 100) / 100.0 AS ff
) AS f
CROSS JOIN LATERAL (
  SELECT 8 * ceil((23 + CASE WHEN w.has_null THEN ceil(w.ncol / 8.0) ELSE 0 END) / 8.0) + 8 * ceil(w.data / 8.0) + 4 AS tup
) AS t
CROSS JOIN LATERAL (SELECT ceil(c.reltuples / greatest(floor((b.size - 24) * f.ff / t.tup), 1)) AS pages) AS e
WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
