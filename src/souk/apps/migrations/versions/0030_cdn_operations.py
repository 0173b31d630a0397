"""Running the CDN: scaling, placement, figures, alerts."""

from souk.apps.migrations.steps import run_sql

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    run_sql("0030")
