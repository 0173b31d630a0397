"""The second door: transfers of many callers share one commit.

While one batch is being written the next ones gather. So the more there is to do, the larger the
batches, and a caller waits for about two commits however many callers there are.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

import psycopg
import structlog

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.errors import Unavailable
from souk.treasury.ledger import errors
from souk.treasury.ledger.books import Books
from souk.treasury.ledger.model import Entry, Outcome
from souk.treasury.ledger.settings import LedgerSettings

ATTEMPTS: Final = 4
FIRST_PAUSE_S: Final = 0.02

log = structlog.get_logger("souk.ledger")


class GroupWriter:
    """Writes what callers hand in, in the order it came."""

    def __init__(self, database: Database, books: Books, settings: LedgerSettings) -> None:
        self._database = database
        self._books = books
        self._settings = settings
        self._waiting: deque[tuple[Entry, asyncio.Future[Outcome]]] = deque()
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._closing = False

    def open(self) -> None:
        """Starts the task in the running event loop."""
        self._closing = False
        self._task = asyncio.create_task(self._run(), name="ledger-writer")

    async def close(self) -> None:
        """Takes nothing more, writes what waits, and ends."""
        self._closing = True
        self._work.set()
        self._room.set()
        if self._task is not None:
            await self._task
            self._task = None

    async def hand_in(self, entries: Sequence[Entry]) -> list[asyncio.Future[Outcome]]:
        """Queues entries, once there is room; their futures resolve when they are durable."""
        while len(self._waiting) >= self._settings.max_waiting and not self._closing:
            self._room.clear()
            await self._room.wait()
        if self._closing or self._task is None:
            raise errors.closed()
        loop = asyncio.get_running_loop()
        futures: list[asyncio.Future[Outcome]] = [loop.create_future() for _ in entries]
        self._waiting.extend(zip(entries, futures, strict=True))
        self._work.set()
        return futures

    async def _run(self) -> None:
        """Writes until closed. At most two batches are under way: one is made ready meanwhile."""
        under_way: set[asyncio.Task[None]] = set()
        while True:
            full = len(self._waiting) >= self._settings.max_batch
            if under_way and (not full or len(under_way) == 2):
                _, under_way = await asyncio.wait(
                    under_way,
                    return_when=asyncio.FIRST_COMPLETED if full else asyncio.ALL_COMPLETED,
                )
            elif self._waiting:
                under_way.add(asyncio.create_task(self._write(self._take())))
            elif self._closing:
                break
            else:
                self._work.clear()
                await self._work.wait()

    def _take(self) -> list[tuple[Entry, asyncio.Future[Outcome]]]:
        size = min(len(self._waiting), self._settings.max_batch)
        batch = [self._waiting.popleft() for _ in range(size)]
        self._room.set()
        return batch

    async def _write(self, batch: Sequence[tuple[Entry, asyncio.Future[Outcome]]]) -> None:
        entries = [entry for entry, _ in batch]
        outcomes: Sequence[Outcome]
        try:
            ready = self._books.arguments(entries)
            async with self._turn:
                outcomes = await self._settle(entries, ready)
        except Exception:
            log.exception("a batch was not written", transfers=len(entries))
            outcomes = [errors.not_written()] * len(entries)
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if not future.done():
                future.set_result(outcome)

    async def _settle(
        self, entries: Sequence[Entry], ready: dict[str, object] | None = None
    ) -> list[Outcome]:
        """Records entries and commits. One that the database cannot take is found by halving.

        To try again is harmless even when a commit was made and its answer lost: the keys are
        known then, with the same content.
        """
        for attempt in range(ATTEMPTS):
            try:
                async with self._database.transaction(SYSTEM) as uow:
                    return await self._books.record(uow, entries, ready)
            except (psycopg.OperationalError, Unavailable) as error:
                log.warning("a batch is written again", attempt=attempt, error=str(error))
                await asyncio.sleep(FIRST_PAUSE_S * 2**attempt)
            except psycopg.DataError as error:
                if len(entries) == 1:
                    return [errors.from_database(error)]
                half = len(entries) // 2
                return await self._settle(entries[:half]) + await self._settle(entries[half:])
        return [errors.not_written()] * len(entries)
