"""What the contracts announced, read from the chains."""

from souk.apps.migrations.steps import run_sql

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    run_sql("0035")
