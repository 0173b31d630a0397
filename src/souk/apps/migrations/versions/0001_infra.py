"""Events, deliveries, idempotency, signing keys."""

from souk.apps.migrations.steps import run_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_sql("0001")
