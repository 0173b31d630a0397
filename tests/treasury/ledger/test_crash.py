"""PostgreSQL dies while batches are on their way to the disk: what was acknowledged is there."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from souk.apps.migrations.run import migrate
from souk.infra.outbox.store import write_events
from souk.infra.postgres.database import Database
from souk.infra.postgres.embedded import EmbeddedPostgres
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.clock import SystemClock
from souk.kernel.ids import TransferId
from souk.treasury.ledger.service import LedgerService
from souk.treasury.ledger.settings import LedgerSettings
from tests.conftest import APP_PASSWORD
from tests.treasury.books import fund, gift, organisation

pytestmark = [pytest.mark.slow]

BATCH = 20
MANY = 5 * BATCH
ENOUGH = 40 * BATCH
"""Acknowledged transfers after which the server dies."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path)
    server.start()
    migrate(server.dsn(), app_password=APP_PASSWORD)
    yield server
    server.stop()


@asynccontextmanager
async def opened(server: EmbeddedPostgres) -> AsyncIterator[tuple[Database, LedgerService]]:
    dsn = make_conninfo(server.dsn(), user="souk_app", password=APP_PASSWORD)
    database = Database(dsn, pool_size=4, clock=SystemClock(), write_events=write_events)
    await database.open()
    settings = LedgerSettings(max_batch=BATCH)
    service = LedgerService(database, clock=SystemClock(), settings=settings)
    await service.open()
    try:
        yield database, service
    finally:
        await service.close()
        await database.close()


@pytest.mark.asyncio(loop_scope="function")
async def test_what_was_acknowledged_outlives_the_server(server: EmbeddedPostgres) -> None:
    giver, taker = organisation(), organisation()
    acknowledged: list[TransferId] = []
    enough, over = asyncio.Event(), asyncio.Event()
    async with opened(server) as (database, ledger):
        await fund(ledger, giver, 10_000_000)

        async def give() -> None:
            while not over.is_set():
                outcomes = await ledger.submit_many([gift(giver, taker, 1) for _ in range(MANY)])
                acknowledged.extend(one for one in outcomes if isinstance(one, str))
                if len(acknowledged) >= ENOUGH:
                    enough.set()

        giving = [asyncio.create_task(give()) for _ in range(2)]
        await enough.wait()
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        server.stop()
        server.start()
        over.set()
        await asyncio.gather(*giving)
        async with database.transaction(SYSTEM) as uow:
            found = await uow.values(
                "SELECT id FROM ledger.transfers WHERE id = ANY(%(ids)s)", ids=acknowledged
            )
            assert await ledger.check_invariants(uow) == []
        assert set(found) == set(acknowledged)
