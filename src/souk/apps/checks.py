"""Looking a configuration over before, or while, it is used: nothing is changed by it."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import psycopg

from souk.apps.migrations.run import current_revision
from souk.apps.up.errors import UpError
from souk.apps.up.lock import is_running
from souk.apps.up.preflight import ensure_data_folder, ensure_port_is_free
from souk.infra.postgres.embedded import packaged_programs, running_dsn
from souk.infra.postgres.embedded_errors import EmbeddedPostgresError
from souk.infra.settings import Settings

OLDEST_POSTGRES: Final = 15
_URLS: Final = ("postgresql://", "postgres://")
_CONNECT_LIMIT_S: Final = 5


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at: whether it holds, and what to know or do about it."""

    subject: str
    holds: bool
    detail: str


def check_marketplace(settings: Settings) -> list[Finding]:
    """Everything that has to hold for a marketplace with these settings to run."""
    looks: tuple[Callable[[Settings], Finding], ...] = (
        _python,
        _settings,
        _secret,
        _data_folder,
        _address,
        _database,
    )
    return [look(settings) for look in looks]


def _python(_settings: Settings) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", sys.version_info >= (3, 11), f"{version} ({sys.executable})")


def _settings(settings: Settings) -> Finding:
    file = settings.data_path / "souk.toml"
    source = f"the environment and {file}" if file.is_file() else "the environment"
    return Finding("Settings", True, f"{settings.env}, from {source}")


def _secret(settings: Settings) -> Finding:
    if not settings.secret:
        kept = settings.data_path / "secrets" / "marketplace"
        there = "kept in" if kept.exists() else "will be made in"
        return Finding("Secret", True, f"{there} {kept}")
    try:
        long_enough = len(bytes.fromhex(settings.secret)) == 32
    except ValueError:
        long_enough = False
    advice = (
        "SOUK_SECRET" if long_enough else "SOUK_SECRET must be 64 hex digits: openssl rand -hex 32"
    )
    return Finding("Secret", long_enough, advice)


def _data_folder(settings: Settings) -> Finding:
    folder = settings.data_path
    if not folder.exists():
        above = next(parent for parent in folder.parents if parent.exists())
        return _tried("Data folder", f"{folder} will be made", lambda: ensure_data_folder(above))
    return _tried("Data folder", str(folder), lambda: ensure_data_folder(folder))


def _address(settings: Settings) -> Finding:
    if is_running(settings.data_path):
        return Finding("Address", True, f"a marketplace is running on {settings.base_url}")
    return _tried(
        "Address",
        f"{settings.base_url} is free",
        lambda: ensure_port_is_free(settings.host, settings.port),
    )


def _database(settings: Settings) -> Finding:
    dsn = settings.database_url or running_dsn(settings.data_path)
    if not dsn:
        return _embedded(settings)
    if not dsn.startswith(_URLS):
        return Finding("Database", False, _no_url(dsn))
    try:
        with psycopg.connect(dsn, connect_timeout=_CONNECT_LIMIT_S) as connection:
            major = connection.info.server_version // 10000
        revision = current_revision(dsn)
    except psycopg.Error as error:
        return Finding("Database", False, f"SOUK_DATABASE_URL does not work: {error}".strip())
    if major < OLDEST_POSTGRES:
        return Finding(
            "Database", False, f"PostgreSQL {major}: Souk needs {OLDEST_POSTGRES} or newer"
        )
    kind = "your own" if settings.database_url else "embedded"
    schema = f"schema {revision}" if revision else "no schema yet"
    return Finding("Database", True, f"PostgreSQL {major}, {kind}, {schema}")


def _no_url(dsn: str) -> str:
    """What is wrong with it, without its password."""
    scheme, sign, _ = dsn.partition("://")
    named = f"begins with {scheme[:20]!r}" if sign else "is no URL"
    return (
        f"SOUK_DATABASE_URL {named}: it must be a postgresql:// URL, such as "
        "postgresql://souk:PASSWORD@db.example:5432/souk (or empty, for the embedded database)"
    )


def _embedded(settings: Settings) -> Finding:
    try:
        programs = packaged_programs()
    except EmbeddedPostgresError as error:
        return Finding("Database", False, str(error))
    made = (Path(settings.data_path) / "postgres" / "cluster").exists()
    state = "not running" if made else "will be made at the first start"
    return Finding("Database", True, f"embedded, {state} (programs in {programs})")


def _tried(subject: str, good: str, attempt: Callable[[], None]) -> Finding:
    try:
        attempt()
    except UpError as error:
        return Finding(subject, False, str(error))
    return Finding(subject, True, good)
