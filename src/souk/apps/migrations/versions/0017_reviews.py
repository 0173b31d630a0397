"""Reviews."""

from souk.apps.migrations.steps import run_sql

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    run_sql("0017")
