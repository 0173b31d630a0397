"""Artifacts, uploads, revisions, listings, offers."""

from souk.apps.migrations.steps import run_sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run_sql("0004")
