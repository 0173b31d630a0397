-- Users, sessions, API keys, organisations.
SELECT 1;
