"""A ledger on a real database, with its second door open, whose books must be sound at the end."""

from collections.abc import AsyncIterator

import pytest_asyncio

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.clock import SystemClock
from souk.treasury.ledger.service import LedgerService
from souk.treasury.ledger.settings import LedgerSettings


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ledger(database: Database) -> AsyncIterator[LedgerService]:
    service = LedgerService(database, clock=SystemClock(), settings=LedgerSettings())
    await service.open()
    yield service
    await service.close()
    async with database.transaction(SYSTEM) as uow:
        assert await service.check_invariants(uow) == []
