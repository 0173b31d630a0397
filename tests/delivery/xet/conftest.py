"""Publishers at the running marketplace, its own services beside it, and the real client."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from souk.apps.container import Container, build_container
from tests.delivery.xet.clients import HfXet, Publisher, make_publisher
from tests.serving import SECRET, Marketplace


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def inside(marketplace: Marketplace) -> AsyncIterator[Container]:
    """The marketplace's services in this process, on the same database and folder."""
    container = build_container(
        environ={
            "SOUK_DATABASE_URL": marketplace.owner_dsn,
            "SOUK_SECRET": SECRET,
            "SOUK_DATA_DIR": str(marketplace.data_dir),
            "SOUK_PORT": str(marketplace.port),
        }
    )
    async with container.opened():
        yield container


@pytest.fixture(scope="module")
def ada(marketplace: Marketplace, inside: Container) -> Publisher:
    return make_publisher(marketplace.base_url, inside.core.database, inside.xet.tokens)


@pytest.fixture(scope="module")
def bob(marketplace: Marketplace, inside: Container) -> Publisher:
    return make_publisher(marketplace.base_url, inside.core.database, inside.xet.tokens)


@pytest.fixture
def hf(tmp_path: Path) -> HfXet:
    """The client of somebody who has never used it before."""
    return HfXet(tmp_path / "home")
