"""Orders and refunds."""

from souk.apps.migrations.steps import run_sql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run_sql("0006")
