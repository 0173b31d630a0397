"""${message}"""

from souk.apps.migrations.steps import run_sql

revision = "${up_revision}"
down_revision = "${down_revision}"


def upgrade() -> None:
    run_sql("${up_revision}")
