"""Analytics."""

from souk.apps.migrations.steps import run_sql

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    run_sql("0014")
