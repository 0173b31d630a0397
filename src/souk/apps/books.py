"""Looking all the books over, on a marketplace that may be running."""

import asyncio

from souk.apps.checks import Finding
from souk.infra.outbox.store import write_events
from souk.infra.postgres.database import Database
from souk.infra.postgres.embedded import running_dsn
from souk.infra.postgres.scope import SYSTEM
from souk.infra.settings import Settings
from souk.kernel.clock import SystemClock
from souk.treasury.ledger.invariants import check_invariants


def check_books(settings: Settings) -> list[Finding]:
    """Every rule of the ledger over every posting, read in one snapshot."""
    dsn = settings.database_url or running_dsn(settings.data_path)
    if not dsn:
        return [Finding("Books", False, "the marketplace does not run: start it, then look")]
    problems = asyncio.run(_problems(dsn))
    if not problems:
        return [Finding("Books", True, "every rule holds for every posting")]
    return [Finding("Books", False, problem) for problem in problems]


async def _problems(dsn: str) -> list[str]:
    database = Database(dsn, pool_size=2, clock=SystemClock(), write_events=write_events)
    await database.open()
    try:
        async with database.transaction(SYSTEM, read_only=True) as uow:
            await uow.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            return await check_invariants(uow)
    finally:
        await database.close()
