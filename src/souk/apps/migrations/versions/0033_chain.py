"""Chains, and what was done on them."""

from souk.apps.migrations.steps import run_sql

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    run_sql("0033")
