-- Sequences that end, and the columns they feed: a narrow column ends first. An ALTER SEQUENCE that is open blocks this.
-- The value is NULL when it was never used and when the role may not see it. 1259 is pg_class.
SELECT c.oid::bigint AS oid, s.schemaname::text AS schema, s.sequencename::text AS name, s.data_type::text AS type,
  has_sequence_privilege(c.oid, 'SELECT,USAGE') AS readable,
  s.last_value AS last, s.min_value AS min, s.max_value AS max, s.increment_by AS increment,
  coalesce(tn.nspname || '.' || t.relname, '') AS "table", coalesce(a.attname, '')::text AS "column",
  coalesce(format_type(a.atttypid, NULL), '') AS column_type
FROM pg_sequences AS s
JOIN pg_namespace AS n ON n.nspname = s.schemaname
JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = s.sequencename
LEFT JOIN pg_depend AS d ON d.objid = c.oid AND d.classid = 1259 AND d.refclassid = 1259 AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
LEFT JOIN pg_class AS t ON t.oid = d.refobjid
LEFT JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
LEFT JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE NOT s.cycle
