"""Keys of encrypted artifacts, devices and receipts."""

from souk.apps.migrations.steps import run_sql

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    run_sql("0037")
