-- All indexes of the user's tables. NOT IN on purpose: NOT EXISTS on pg_constraint ran 20 times slower on 13.
SELECT s.indexrelid::bigint AS oid, s.schemaname || '.' || s.relname AS "table", s.schemaname::text AS schema, s.indexrelname::text AS name,
  current_setting('block_size')::bigint * c.relpages AS bytes, s.idx_scan AS scans, NULL::timestamptz AS last_scan,
  i.indisunique AS "unique", i.indisprimary AS "primary", i.indisvalid AND i.indisready AS valid,
  NOT (i.indisvalid AND i.indisready) AND c.relname ~ '_cc(new|old)\d*$' AS leftover,
  s.idx_scan = 0 AND i.indisvalid AND NOT i.indisunique AND NOT i.indisreplident AND NOT i.indisexclusion
    AND i.indexrelid NOT IN (SELECT conindid FROM pg_constraint) AND i.indexrelid NOT IN (SELECT inhrelid FROM pg_inherits) AS unused
FROM pg_stat_all_indexes AS s
JOIN pg_index AS i ON i.indexrelid = s.indexrelid
JOIN pg_class AS c ON c.oid = s.indexrelid
WHERE s.schemaname NOT IN ('pg_catalog', 'information_schema') AND s.schemaname !~ '^pg_(toast|temp)'
