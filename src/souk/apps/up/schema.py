"""Whether the schema is as this Souk wants it: quick, so that a usual start skips the migration."""

from typing import Final

import psycopg

from souk.apps import migrations
from souk.apps.application_role import app_dsn

_CONNECT_LIMIT_S: Final = 10


def is_current(owner_dsn: str, secret: str) -> bool:
    """Whether the application's role can sign in and finds the newest revision."""
    try:
        dsn = app_dsn(owner_dsn, secret)
        with psycopg.connect(dsn, connect_timeout=_CONNECT_LIMIT_S) as connection:
            row = connection.execute("SELECT version_num FROM souk.schema_version").fetchone()
    except psycopg.Error:
        return False
    return row is not None and row[0] == migrations.newest_revision()
