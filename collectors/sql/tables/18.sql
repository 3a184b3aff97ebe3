-- Sizes are from relpages, as old as the last VACUUM or ANALYZE: the size functions would wait for locks.
SELECT c.oid::bigint AS oid,
  n.nspname::text AS schema,
  c.relname::text AS name,
  c.relkind = 'm' AS materialized,
  coalesce(h.inhparent, 0)::bigint AS parent,
  b.size * c.relpages AS heap_bytes,
  b.size * coalesce(i.pages, 0)::bigint AS index_bytes,
  b.size * (coalesce(t.relpages, 0) + coalesce(ti.pages, 0))::bigint AS toast_bytes,
  s.n_live_tup AS live,
  s.n_dead_tup AS dead,
  s.seq_scan AS seq_scans,
  coalesce(s.idx_scan, 0) AS idx_scans,
  s.seq_tup_read AS seq_rows,
  s.n_mod_since_analyze AS mod_since,
  s.n_ins_since_vacuum AS ins_since,
  c.reltuples::bigint AS estimate,
  c.relpages::bigint AS pages,
  c.relallfrozen::bigint AS frozen_pages,
  coalesce(c.reloptions, '{}') AS options,
  CASE WHEN c.relfrozenxid = '0' THEN 0 ELSE age(c.relfrozenxid) END::bigint AS xid_age,
  CASE WHEN c.relminmxid = '0' THEN 0 ELSE mxid_age(c.relminmxid) END::bigint AS mxid_age,
  EXISTS (SELECT 1 FROM unnest(c.reloptions) AS o WHERE o ~* '^autovacuum_enabled=(0|f|n|of)') AS autovacuum_off,
  s.last_vacuum,
  s.last_autovacuum,
  greatest(s.last_analyze, s.last_autoanalyze) AS last_analyze
FROM pg_class AS c
CROSS JOIN (SELECT current_setting('block_size')::bigint AS size) AS b
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_stat_all_tables AS s ON s.relid = c.oid
LEFT JOIN pg_inherits AS h ON h.inhrelid = c.oid AND c.relispartition
LEFT JOIN pg_class AS t ON t.oid = c.reltoastrelid
LEFT JOIN LATERAL (
  SELECT sum(x.relpages::bigint) AS pages FROM pg_index AS y JOIN pg_class AS x ON x.oid = y.indexrelid WHERE y.indrelid = c.oid
) AS i ON true
LEFT JOIN LATERAL (
  SELECT sum(x.relpages::bigint) AS pages FROM pg_index AS y JOIN pg_class AS x ON x.oid = y.indexrelid
  WHERE y.indrelid = c.reltoastrelid
) AS ti ON true
WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
