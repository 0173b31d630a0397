"""A marketplace whose sellers may be new, with websites on this machine."""

import secrets
from collections.abc import Iterator

import psycopg
import pytest

from souk.infra.postgres.embedded import EmbeddedPostgres
from souk_client.sdk import Souk
from tests.conftest import new_database
from tests.market import PASSWORD, connect
from tests.serving import Marketplace


@pytest.fixture(scope="session")
def lenient(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Marketplace]:
    """One for all tests of badges and credentials."""
    databases = new_database(postgres)
    running = Marketplace(
        next(databases),
        tmp_path_factory.mktemp("badges"),
        SOUK_BADGES_ALLOW_PRIVATE_ADDRESSES="true",
        SOUK_BADGES_MIN_AGE_DAYS="0",
        SOUK_BADGES_CHECK_WAIT_S="0.05",
    )
    try:
        running.start()
        yield running
    finally:
        running.stop()
        next(databases, None)


def admin_of(market: Marketplace) -> Souk:
    """An admin's client."""
    client = connect(market.base_url)
    email = f"admin-{secrets.token_hex(4)}@market.example.org"
    client.auth.register(email=email, password=PASSWORD, name="Grace Hopper")
    with psycopg.connect(market.owner_dsn) as connection:
        connection.execute(
            "UPDATE people.users SET roles = roles || ARRAY['admin'] WHERE email = %s", [email]
        )
    client.auth.login(email=email, password=PASSWORD)
    return client
