"""kill -9 of the HTTP process while the client sends: nothing wrong is kept."""

import hashlib
import random
import subprocess
import threading
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from souk.apps.container import Container, build_container
from souk.delivery.xet.api import XetToken
from souk.delivery.xet.model import blob_name
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from tests.delivery.xet.clients import ClientFailed, HfXet, make_publisher
from tests.serving import SECRET, Marketplace

MIB = 2**20
PATIENCE_S = 60.0
IMPATIENT = {
    "HF_XET_CLIENT_RETRY_MAX_ATTEMPTS": "1",
    "HF_XET_CLIENT_RETRY_BASE_DELAY": "10ms",
    "HF_XET_CLIENT_RETRY_MAX_DURATION": "1s",
}
"""The client that loses its server gives up at once; the next one has default settings."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest_asyncio.fixture(loop_scope="session")
async def doomed(owner_dsn: str, tmp_path: Path) -> AsyncIterator[tuple[Marketplace, Container]]:
    """An HTTP process of this test alone, and the same services here."""
    market = Marketplace(owner_dsn, tmp_path / "market")
    market.start("api")
    container = build_container(
        environ={
            "SOUK_DATABASE_URL": owner_dsn,
            "SOUK_SECRET": SECRET,
            "SOUK_DATA_DIR": str(market.data_dir),
            "SOUK_PORT": str(market.port),
        }
    )
    try:
        async with container.opened():
            yield market, container
    finally:
        market.stop()


class Sending(threading.Thread):
    """The client at work; killing the server may or may not be the end of it."""

    def __init__(self, hf: HfXet, token: XetToken, path: Path) -> None:
        super().__init__()
        self._hf, self._token, self._path = hf, token, path
        self.start()

    def run(self) -> None:
        with suppress(ClientFailed, subprocess.TimeoutExpired):
            self._hf.upload(self._token, self._path)


async def first_xorb(inside: Container, sending: Sending) -> None:
    """Returns when something was kept, or the client is done already."""
    deadline = time.monotonic() + PATIENCE_S
    while sending.is_alive() and time.monotonic() < deadline:
        async with inside.core.database.transaction(SYSTEM, read_only=True) as uow:
            if await uow.value("SELECT count(*) FROM xet.xorbs"):
                return


async def check_nothing_is_missing(inside: Container, uow: UnitOfWork) -> None:
    """Every xorb that is known has its bytes, and every file all of its terms."""
    for xorb, stored in [
        (row["hash"], row["stored_bytes"])
        for row in await uow.dicts("SELECT hash, stored_bytes FROM xet.xorbs")
    ]:
        assert await inside.works.blobs.size(blob_name(xorb)) == stored
    assert not await uow.values(
        """
        SELECT f.hash FROM xet.files f LEFT JOIN xet.terms t ON t.file = f.hash
        GROUP BY f.hash HAVING coalesce(sum(t.size_bytes), 0) <> f.size_bytes
        """
    )


async def test_a_killed_process_leaves_nothing_that_is_wrong(
    doomed: tuple[Marketplace, Container], tmp_path: Path
) -> None:
    market, inside = doomed
    publisher = make_publisher(market.base_url, inside.core.database, inside.xet.tokens)
    content = random.Random("killed").randbytes(80 * MIB)
    sha256 = hashlib.sha256(content).hexdigest()
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    token = await publisher.token("write")
    sending = Sending(HfXet(tmp_path / "home", IMPATIENT), token, path)
    await first_xorb(inside, sending)
    market.kill("api")
    async with inside.core.database.transaction(SYSTEM, read_only=True) as uow:
        await check_nothing_is_missing(inside, uow)
    sending.join()
    market.start("api")
    for home in ("home", "another"):  # what was sent before is not sent again, or all of it is
        (sent,) = HfXet(tmp_path / home).upload(await publisher.token("write"), path)
        assert sent.size_bytes == len(content)
    async with inside.core.database.transaction(SYSTEM, read_only=True) as uow:
        await check_nothing_is_missing(inside, uow)
        assert await inside.xet.xet.file_hash(uow, sha256) == sent.hash
    digest = hashlib.sha256()
    async for part in inside.works.artifacts.open(sha256):
        digest.update(part)
    assert digest.hexdigest() == sha256
