-- Who waits for which lock. A wait for another transaction is on no relation; but who waits to change a row holds the
-- lock on the tuple meanwhile, which tells the relation.
WITH l AS MATERIALIZED (SELECT * FROM pg_locks),
w AS (
  SELECT l.pid, l.locktype, l.mode, NULL::float8 AS waited,
    coalesce(l.database, t.database) AS database, coalesce(l.relation, t.relation) AS relation
  FROM l
  LEFT JOIN l AS t ON l.relation IS NULL AND t.pid = l.pid AND t.locktype = 'tuple' AND t.granted
  WHERE NOT l.granted AND l.pid IS NOT NULL
)
SELECT DISTINCT ON (w.pid) w.pid, w.locktype AS type, w.mode, w.waited,
  coalesce(w.database, 0)::bigint AS database,
  coalesce(w.relation, 0)::bigint AS relation_id,
  coalesce(n.nspname || '.' || c.relname, 'relation ' || w.relation || coalesce(' of database ' || d.datname, ''), '') AS relation
FROM w
LEFT JOIN pg_database AS d ON d.oid = w.database
LEFT JOIN pg_class AS c ON c.oid = w.relation AND (w.database = 0 OR d.datname = current_database())
LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace
ORDER BY w.pid
