"""The database role the processes connect as: never the owner, so that row-level security binds."""

import hashlib
import hmac

from psycopg.conninfo import make_conninfo

APP_ROLE = "souk_app"


def app_password(secret: str) -> str:
    """The role's password: drawn from the marketplace's secret, so that nothing else is kept."""
    return hmac.new(bytes.fromhex(secret), b"postgres role souk_app", hashlib.sha256).hexdigest()


def app_dsn(owner_dsn: str, secret: str) -> str:
    """The owner's database, reached as the application's role."""
    return make_conninfo(owner_dsn, user=APP_ROLE, password=app_password(secret))
