"""Origins of their owners' own behind the CDN."""

from souk.apps.migrations.steps import run_sql

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    run_sql("0032")
