"""Walls of offers, evaluations and collections."""

from souk.apps.migrations.steps import run_sql

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    run_sql("0025")
