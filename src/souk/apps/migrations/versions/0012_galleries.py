"""Galleries of listings."""

from souk.apps.migrations.steps import run_sql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    run_sql("0012")
