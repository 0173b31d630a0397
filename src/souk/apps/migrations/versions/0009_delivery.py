"""Downloads."""

from souk.apps.migrations.steps import run_sql

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run_sql("0009")
