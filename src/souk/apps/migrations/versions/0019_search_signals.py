"""Signals of search."""

from souk.apps.migrations.steps import run_sql

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    run_sql("0019")
