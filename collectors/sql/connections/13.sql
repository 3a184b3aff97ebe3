-- Client connections; $1 are our own. A role that may not see the types of other backends sees NULL there, and the
-- background processes among them have no role.
SELECT coalesce(state, '') AS state,
  coalesce(application_name, '') AS app,
  coalesce(usename::text, '') AS role,
  count(*)::int AS n,
  (count(*) FILTER (WHERE pid = pg_backend_pid() OR pid = ANY ($1::int[])))::int AS own
FROM pg_stat_activity
WHERE backend_type = 'client backend' OR backend_type IS NULL AND datid IS NOT NULL AND usesysid IS NOT NULL
GROUP BY 1, 2, 3
