"""Wallets that people linked to their accounts."""

from souk.apps.migrations.steps import run_sql

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    run_sql("0034")
