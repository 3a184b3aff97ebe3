-- Which cluster this is, whichever of its servers answers.
SELECT system_identifier AS system FROM pg_control_system()
