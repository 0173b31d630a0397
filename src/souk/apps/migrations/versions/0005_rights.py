"""Provenance log and licences."""

from souk.apps.migrations.steps import run_sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_sql("0005")
