"""Brings a database to a revision, and makes the role the application connects as."""

from pathlib import Path
from typing import Final

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from psycopg import sql

from souk.apps.application_role import APP_ROLE

_TURN: Final = 731_001
"""The advisory lock of whoever migrates."""


def migrate(owner_dsn: str, *, app_password: str, revision: str = "head") -> None:
    """Migrates as the owner of the database.

    Safe to run from several processes at once: an advisory lock lets one through.

    Args:
        owner_dsn: libpq connection string or URL of a role that may create roles and schemas.
        app_password: the password the role `souk_app` shall have.
        revision: an Alembic revision, `head` for the newest.
    """
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_TURN])
        make_app_role(connection, app_password)
        connection.execute("CREATE SCHEMA IF NOT EXISTS souk")
        _run_steps(owner_dsn, revision)


def current_revision(owner_dsn: str) -> str | None:
    """The revision a database is at; None when it is empty."""
    with psycopg.connect(owner_dsn) as connection:
        there = connection.execute("SELECT to_regclass('souk.schema_version')").fetchone()
        if there is None or there[0] is None:
            return None
        found = connection.execute("SELECT version_num FROM souk.schema_version").fetchone()
        return None if found is None else str(found[0])


def make_app_role(connection: psycopg.Connection, password: str) -> None:
    """Makes the role the application connects as, or gives it this password."""
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP_ROLE]).fetchone()
    # By default a new role is neither superuser nor free of row-level security. An owner who is no
    # superuser may not even repeat that of a role that exists.
    verb = sql.SQL("ALTER" if exists else "CREATE")
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
            verb, sql.Identifier(APP_ROLE), sql.Literal(password)
        )
    )


def _run_steps(owner_dsn: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(owner_dsn)
    )
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    finally:
        engine.dispose()
