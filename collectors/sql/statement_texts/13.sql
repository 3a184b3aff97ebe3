-- The texts of some statements ($1), and of our own. As dear as reading all of them: seldom.
SELECT DISTINCT ON (s.queryid) s.queryid AS id, coalesce(left(s.query, 2000), '') AS text
FROM {schema}.pg_stat_statements(showtext := true) AS s
WHERE s.queryid = ANY ($1::bigint[]) OR position('/* tocsin */' IN left(s.query, 24)) > 0
