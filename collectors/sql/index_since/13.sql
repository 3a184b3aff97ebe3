-- When the counters of the connected database began; NULL where they were never set back (15 and later).
SELECT stats_reset AS at FROM pg_stat_database WHERE datname = current_database()
