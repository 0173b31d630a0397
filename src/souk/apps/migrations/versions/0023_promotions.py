"""Promotions."""

from souk.apps.migrations.steps import run_sql

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    run_sql("0023")
