"""Walls of what moderators hide; where buyers are."""

from souk.apps.migrations.steps import run_sql

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    run_sql("0025")
