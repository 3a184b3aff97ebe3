-- The ages from which a vacuum is forced.
SELECT current_setting('autovacuum_freeze_max_age')::bigint AS freeze, current_setting('autovacuum_multixact_freeze_max_age')::bigint AS multi
