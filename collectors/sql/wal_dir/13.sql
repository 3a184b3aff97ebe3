-- The size of the log on disk; pg_monitor may list it.
SELECT coalesce(sum(size), 0)::bigint AS bytes FROM pg_ls_waldir()
