"""What search keeps in PostgreSQL."""

from souk.apps.migrations.steps import run_sql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run_sql("0007")
