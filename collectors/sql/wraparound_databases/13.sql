-- How far each database is from the last transaction and multixact id, the oldest first.
SELECT d.datname::text AS name, age(d.datfrozenxid)::bigint AS xid_age, mxid_age(d.datminmxid)::bigint AS mxid_age
FROM pg_database AS d
ORDER BY greatest(age(d.datfrozenxid), mxid_age(d.datminmxid)) DESC, d.datname
