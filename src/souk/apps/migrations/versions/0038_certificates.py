"""Likeness of files, and certificates of ownership."""

from souk.apps.migrations.steps import run_sql

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    run_sql("0038")
