"""Collections, favourites, followed sellers."""

from souk.apps.migrations.steps import run_sql

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    run_sql("0018")
