-- What search keeps in PostgreSQL.
SELECT 1;
