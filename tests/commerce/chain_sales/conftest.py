"""A marketplace with a chain of its own: it mines every transaction at once, and is final after two
blocks, so that a test says when a payment becomes final."""

import shutil
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from souk.apps.container import Container, build_container
from souk.infra.postgres.embedded import EmbeddedPostgres
from tests.admins import admin_client
from tests.chain import Chain, install_chain, running_chain
from tests.commerce.chain_sales.hand import Bazaar
from tests.conftest import new_database
from tests.e2e.browser.conftest import browser
from tests.serving import SECRET, Marketplace

__all__ = ["browser"]

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever needs a running chain is left out of the quick checks."""
    for item in items:
        if "bazaar" in getattr(item, "fixturenames", ()) and item.path.is_relative_to(HERE):
            item.add_marker("slow")
            item.add_marker(pytest.mark.timeout(400))


@pytest.fixture(scope="session")
def bazaar(postgres: EmbeddedPostgres) -> Iterator[Bazaar]:
    """Started once for all tests of this process; use accounts and listings of your own."""
    install_chain()
    folder = Path(tempfile.mkdtemp(prefix="souk-tests-"))
    databases = new_database(postgres)
    owner_dsn = next(databases)
    with running_chain() as node:
        market = Marketplace(owner_dsn, folder, **environ(node))
        try:
            market.start()
            made = Bazaar(
                market=market,
                node=node,
                environ={
                    **environ(node),
                    "SOUK_DATABASE_URL": owner_dsn,
                    "SOUK_SECRET": SECRET,
                    "SOUK_DATA_DIR": str(folder),
                    "SOUK_PORT": str(market.port),
                },
            )
            mined_until(node, made.is_ready)
            with admin_client(market.base_url, owner_dsn) as admin:
                made.state_rates(admin)
            yield made
        finally:
            market.stop()
            shutil.rmtree(folder, ignore_errors=True)
            next(databases, None)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def generous(bazaar: Bazaar) -> AsyncIterator[Container]:
    """The same marketplace, by settings with which the contract holds the money for an hour."""
    settings = {"SOUK_CHAIN_SALES_REFUND_HOURS": "1", "SOUK_CHAIN_SALES_OPEN_PER_BUYER": "2"}
    container = build_container(environ={**bazaar.environ, **settings})
    async with container.opened():
        yield container


def environ(node: Chain) -> dict[str, str]:
    return {
        "SOUK_CHAIN_CHAINS": "local",
        "SOUK_CHAIN_RPC": f"local={node.url}",
        "SOUK_CHAIN_FINALITY": "local=2",
        "SOUK_CHAIN_POLL_S": "0.1",
        # Anchoring mines blocks of its own; the tests say when there is one.
        "SOUK_CHAIN_ANCHOR_EVERY_S": "86400",
        # Only the rates that a test states: a file that is not there has none.
        "SOUK_RATES_FILE": "/nowhere/rates.xml",
        "SOUK_CHAIN_SALES_EXPLORERS": "local=https://explorer.example/tx/{hash}",
    }


def mined_until(node: Chain, done: Callable[[], Any]) -> None:
    """Mines block after block until something is there."""
    deadline = time.monotonic() + 120
    while not done():
        assert time.monotonic() < deadline, "the contracts are not there"
        node.rpc("evm_mine")
        threading.Event().wait(0.1)
