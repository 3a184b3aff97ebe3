-- Whom the waiting sessions ($1) wait for; 0 is a prepared transaction. Asked for these only: each call of
-- pg_blocking_pids holds up the lock manager for a moment.
SELECT DISTINCT w.pid AS waiter, b.pid AS blocker
FROM unnest($1::int[]) AS w (pid)
CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS b (pid)
ORDER BY 1, 2
