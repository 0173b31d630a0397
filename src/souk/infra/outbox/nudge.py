"""NOTIFY for waiting events, sent after their commit and outside it.

PostgreSQL lets transactions that notify commit one at a time only, each waiting for the other's
flush to disk. So the transaction that announces events does not notify: a task of the process does,
once for all that committed meanwhile. When the process dies in between, workers find the events by
looking, a second later.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import psycopg
import structlog

from souk.infra.outbox.store import CHANNEL, write_events
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.events import Event
from souk.kernel.ids import EventId

PAUSE_S: Final = 0.02
"""The least time between two notifications of a process."""
RECONNECT_S: Final = 0.5

log = structlog.get_logger("souk.outbox")


class Nudger:
    """Writes a process's events and wakes the workers: an `EventWriter` with a task behind it."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._due = asyncio.Event()

    async def __call__(self, uow: UnitOfWork, events: Sequence[tuple[EventId, Event]]) -> None:
        """Adds events to the transaction; workers hear of them once it has committed."""
        await write_events(uow, events)
        uow.after_commit(self._due.set)

    async def run(self) -> None:
        """Notifies until cancelled, connecting again whenever the server goes away."""
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(self._dsn, autocommit=True)
                async with connection:
                    while True:
                        await self._due.wait()
                        self._due.clear()
                        await connection.execute("SELECT pg_notify(%s, '')", [CHANNEL])
                        await asyncio.sleep(PAUSE_S)
            except (psycopg.OperationalError, OSError) as error:
                log.warning("the nudger lost its connection", error=str(error))
                await asyncio.sleep(RECONNECT_S)
