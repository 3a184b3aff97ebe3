-- The names of some roles ($1) and databases ($2), by oid.
SELECT r.oid::bigint AS oid, r.rolname::text AS name, true AS role FROM pg_roles AS r WHERE r.oid::bigint = ANY ($1::bigint[])
UNION ALL
SELECT d.oid::bigint, d.datname::text, false FROM pg_database AS d WHERE d.oid::bigint = ANY ($2::bigint[])
