-- Bounds the statement behind it, in the same transaction: behind a pooler, settings of a session would be those of others.
SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true), set_config('transaction_read_only', 'on', true)
