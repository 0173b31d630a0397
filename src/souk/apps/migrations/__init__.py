"""The schema in numbered steps (Alembic); the SQL of each step is beside it in `sql/`."""
