"""Xet: chunks, xorbs and how files are made of them."""

from souk.apps.migrations.steps import run_sql

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    run_sql("0027")
