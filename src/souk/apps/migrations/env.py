"""Alembic's entry: runs the steps on the connection that `run.migrate` hands over."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, version_table="schema_version", version_table_schema="souk"
)
with context.begin_transaction():
    context.run_migrations()
