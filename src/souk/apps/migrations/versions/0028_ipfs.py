"""IPFS: directories and pins."""

from souk.apps.migrations.steps import run_sql

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    run_sql("0028")
