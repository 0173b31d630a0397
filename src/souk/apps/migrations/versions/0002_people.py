"""Users, sessions, API keys, organisations."""

from souk.apps.migrations.steps import run_sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_sql("0002")
