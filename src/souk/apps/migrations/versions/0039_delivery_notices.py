"""Notices of the delivery network to its owners."""

from souk.apps.migrations.steps import run_sql

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    run_sql("0039")
