"""A real PostgreSQL for every test process, and a fresh migrated database for every module."""

import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings
from psycopg.conninfo import make_conninfo

from souk.apps.application_role import app_password
from souk.apps.migrations.run import migrate
from souk.infra.outbox.store import write_events
from souk.infra.postgres.database import Database
from souk.infra.postgres.embedded import EmbeddedPostgres
from souk.kernel.clock import SystemClock
from tests.market import close_clients
from tests.outside import Outside
from tests.serving import SECRET, Marketplace

APP_PASSWORD = app_password(SECRET)
"""One role serves every database of a server, so its password is that of the processes."""
_numbers = itertools.count(1)

# A busy machine makes examples slow, and nothing wrong with them.
settings.register_profile("souk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("souk")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for a server, a browser or nginx needs it: no test has to say so itself."""
    for item in items:
        if "postgres" in getattr(item, "fixturenames", ()):
            item.add_marker("database")
        if "new_visitor" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
        given = item.callspec.params.values() if hasattr(item, "callspec") else ()
        if any(isinstance(one, str) and one == "nginx" for one in given):
            item.add_marker("nginx")


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL server for this test process, with the migrated template database `souk`."""
    folder = Path(tempfile.mkdtemp(prefix="souk-tests-"))
    server = EmbeddedPostgres(folder)
    try:
        server.start()
        _spare_the_disk(server)
        migrate(server.dsn(), app_password=APP_PASSWORD)
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _spare_the_disk(server: EmbeddedPostgres) -> None:
    """Flushes nothing: this server lives no longer than the tests, and what outlives the loss of a
    server or of a machine is tested on servers of its own."""
    with psycopg.connect(server.dsn(database="postgres"), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("ALTER SYSTEM SET full_page_writes = off")
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="module")
def owner_dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The owner's address of a database that belongs to this module alone."""
    yield from new_database(postgres)


def new_database(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A fresh database from the migrated template, dropped afterwards; its owner's address."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(postgres.dsn(database="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE souk STRATEGY FILE_COPY")
        connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    yield postgres.dsn(database=name)
    with psycopg.connect(postgres.dsn(database="postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def app_dsn(owner_dsn: str) -> str:
    """The same database as the application's own role, which row-level security binds."""
    return make_conninfo(owner_dsn, user="souk_app", password=APP_PASSWORD)


@pytest.fixture(scope="session")
def session_owner_dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The owner's address of a database for the marketplace that this test process shares."""
    yield from new_database(postgres)


@pytest.fixture(scope="session")
def outside() -> Iterator[Outside]:
    """The world around the shared marketplace: a name server, and what tests start beside it."""
    world = Outside()
    world.start_names()
    yield world
    world.stop()


@pytest.fixture(scope="session")
def marketplace(session_owner_dsn: str, outside: Outside) -> Iterator[Marketplace]:
    """A running marketplace that all tests of this process share: use accounts of your own."""
    folder = Path(tempfile.mkdtemp(prefix="souk-tests-"))
    running = Marketplace(session_owner_dsn, folder, **outside.environ)
    try:
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def _closed_clients() -> Iterator[None]:
    yield
    close_clients()


@pytest.fixture(scope="session")
def base_url(marketplace: Marketplace) -> str:
    """Where the shared marketplace answers."""
    return marketplace.base_url


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database(app_dsn: str) -> AsyncIterator[Database]:
    """The application's way to that database."""
    opened = Database(app_dsn, pool_size=12, clock=SystemClock(), write_events=write_events)
    await opened.open()
    try:
        yield opened
    finally:
        await opened.close()
