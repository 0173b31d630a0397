"""Orders that are paid on a chain."""

from souk.apps.migrations.steps import run_sql

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    run_sql("0036")
