"""Storefronts and badges."""

from souk.apps.migrations.steps import run_sql

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    run_sql("0024")
