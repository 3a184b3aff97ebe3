-- Limits of single roles and databases. Superusers have none.
SELECT 'role' AS kind, r.rolname::text AS name, r.rolconnlimit AS "limit", count(a.pid)::int AS used
FROM pg_roles AS r
LEFT JOIN pg_stat_activity AS a ON a.usesysid = r.oid AND a.datid IS NOT NULL
  AND coalesce(a.backend_type, 'client backend') = 'client backend'
WHERE r.rolconnlimit >= 0 AND NOT r.rolsuper
GROUP BY 1, 2, 3
UNION ALL
SELECT 'database', d.datname::text, d.datconnlimit, count(a.pid)::int
FROM pg_database AS d
LEFT JOIN pg_stat_activity AS a ON a.datid = d.oid AND coalesce(a.backend_type, 'client backend') = 'client backend'
WHERE d.datconnlimit >= 0 AND d.datallowconn
GROUP BY 1, 2, 3
ORDER BY 1, 2
