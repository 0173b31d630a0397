"""Preferences of notices."""

from souk.apps.migrations.steps import run_sql

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    run_sql("0015")
