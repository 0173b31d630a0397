"""Assets, and domains of their owners' own."""

from souk.apps.migrations.steps import run_sql

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    run_sql("0031")
