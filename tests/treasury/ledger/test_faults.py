"""Connections that die at any moment: what was acknowledged stays, and nothing happens twice."""

import asyncio
import random
from collections.abc import AsyncIterator

import psycopg
import pytest
import pytest_asyncio

from souk.infra.outbox.store import write_events
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.clock import SystemClock
from souk.kernel.errors import SoukError
from souk.kernel.ids import TransferId
from souk.treasury.ledger.api import Transfer
from souk.treasury.ledger.service import LedgerService
from souk.treasury.ledger.settings import LedgerSettings
from tests.treasury.books import available, fund, gift, organisation

pytestmark = [pytest.mark.database, pytest.mark.slow]


@pytest_asyncio.fixture(loop_scope="session")
async def fragile(app_dsn: str) -> AsyncIterator[LedgerService]:
    """A ledger on connections of its own."""
    database = Database(app_dsn, pool_size=4, clock=SystemClock(), write_events=write_events)
    await database.open()
    service = LedgerService(database, clock=SystemClock(), settings=LedgerSettings(max_batch=7))
    await service.open()
    yield service
    await service.close()
    await database.close()


async def cut_connections(owner_dsn: str, *, seed: int, times: int) -> None:
    """Ends server processes of the application in the middle of whatever they do."""
    chance = random.Random(seed)
    async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
        for _ in range(times):
            await asyncio.sleep(chance.uniform(0.005, 0.08))
            await owner.execute(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE usename = 'souk_app' AND datname = current_database() AND state <> 'idle'
                """
            )


async def test_transfers_survive_connections_that_are_cut(
    fragile: LedgerService, ledger: LedgerService, database: Database, owner_dsn: str
) -> None:
    givers = [organisation() for _ in range(8)]
    taker = organisation()
    for giver in givers:
        await fund(ledger, giver, 1_000)
    transfers = [gift(giver, taker, 1) for giver in givers for _ in range(20)]

    async def hand_in(transfer: Transfer) -> TransferId:
        """As a careful caller: again, with the same key, until there is an answer."""
        while True:
            try:
                return await fragile.submit(transfer)
            except SoukError as refusal:
                assert refusal.status == 503, refusal

    cutting = asyncio.create_task(cut_connections(owner_dsn, seed=7, times=12))
    ids: list[TransferId] = []
    for start in range(0, len(transfers), 16):
        ids += await asyncio.gather(*map(hand_in, transfers[start : start + 16]))
        await asyncio.sleep(0.01)
    await cutting
    assert len(set(ids)) == len(transfers)
    assert await available(database, ledger, taker) == len(transfers)
    async with database.transaction(SYSTEM) as uow:
        kept = await uow.values("SELECT id FROM ledger.transfers WHERE id = ANY(%(ids)s)", ids=ids)
        assert set(kept) == set(ids)
        assert await ledger.check_invariants(uow) == []
