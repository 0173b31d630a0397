"""The parts of a running marketplace, for what has no route."""

from collections.abc import AsyncIterator

import pytest_asyncio

from souk.apps.container import Container, build_container
from souk.infra.settings import Settings
from tests.serving import SECRET, Marketplace


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def container(marketplace: Marketplace) -> AsyncIterator[Container]:
    """The parts of a process of the running marketplace, in this one."""
    settings = Settings(
        database_url=marketplace.owner_dsn,
        secret=SECRET,
        data_dir=str(marketplace.data_dir),
        database_pool=16,
    )
    built = build_container(settings, {})
    await built.core.database.open()
    try:
        yield built
    finally:
        await built.core.database.close()
