"""The ledger, deposits."""

from souk.apps.migrations.steps import run_sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_sql("0003")
