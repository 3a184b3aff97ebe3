-- The locks that the blockers ($1) hold on the relations ($2) that others wait for.
SELECT DISTINCT l.pid, l.mode, l.database::bigint AS database, l.relation::bigint AS relation_id
FROM pg_locks AS l
WHERE l.granted AND l.locktype = 'relation' AND l.pid = ANY ($1::int[]) AND l.relation = ANY ($2::bigint[]::oid[])
