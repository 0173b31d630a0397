"""The CDN: nodes, rules and what they report."""

from souk.apps.migrations.steps import run_sql

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    run_sql("0029")
