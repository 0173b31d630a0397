"""The second door: transfers of many callers share one commit.

While one batch is being written the next ones gather. So the more there is to do, the larger the
batches, and a caller waits for about two commits however many callers there are.

A full batch does not keep the next one waiting for the disk: it commits without a flush, which lets
its accounts go, and is made durable while the next one is recorded. Its callers hear of it after
that flush. Whatever another transaction built on it in between comes later in the log, so it can
only be durable when the batch is.
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
_UNDER_WAY: Final = 3
"""Full batches at a time: one is made ready, one is recorded, one is flushed."""

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
        """Writes until closed: several batches at once while full ones wait."""
        under_way: set[asyncio.Task[None]] = set()
        while True:
            full = len(self._waiting) >= self._settings.max_batch
            if under_way and (not full or len(under_way) == _UNDER_WAY):
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
            outcomes = await self._record(entries)
        except Exception:
            log.exception("a batch was not written", transfers=len(entries))
            outcomes = [errors.not_written()] * len(entries)
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if not future.done():
                future.set_result(outcome)

    async def _record(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Records entries durably.

        To try again is harmless even when a commit was made and its answer lost: the keys are
        known then, with the same content.
        """
        full = len(entries) == self._settings.max_batch
        ready = self._books.arguments(entries)
        for attempt in range(ATTEMPTS):
            try:
                outcomes = await self._in_turn(entries, ready, flush=not full)
                if full:
                    await self._flush()
            except (psycopg.OperationalError, Unavailable) as error:
                log.warning("a batch is written again", attempt=attempt, error=str(error))
                await asyncio.sleep(FIRST_PAUSE_S * 2**attempt)
            else:
                return outcomes
        return [errors.not_written()] * len(entries)

    async def _in_turn(
        self, entries: Sequence[Entry], ready: dict[str, object] | None, *, flush: bool
    ) -> list[Outcome]:
        """Records entries and commits, after the batches before: at once where all of them can be.

        Whoever waits for its turn holds no connection, which those before it may need.
        """
        async with self._turn:
            if ready is not None and await self._at_once(ready, flush=flush):
                return [entry.id for entry in entries]
            return await self._one_by_one(entries, flush=flush)

    async def _at_once(self, ready: dict[str, object], *, flush: bool) -> bool:
        """Records all entries and commits; False when one cannot be, and nothing is recorded."""
        try:
            async with self._database.transaction(SYSTEM) as uow:
                await uow.execute(_commit_mode(flush=flush))
                refused = self._books.record_last(uow, ready)
        except psycopg.DataError:
            return False
        return refused.value is None

    async def _one_by_one(self, entries: Sequence[Entry], *, flush: bool) -> list[Outcome]:
        """Records each entry that can be, and commits.

        One that the database cannot take is found by halving.
        """
        try:
            async with self._database.transaction(SYSTEM) as uow:
                await uow.execute(_commit_mode(flush=flush))
                return await self._books.record(uow, entries)
        except psycopg.DataError as error:
            if len(entries) == 1:
                return [errors.from_database(error)]
            half = len(entries) // 2
            return [
                *await self._one_by_one(entries[:half], flush=flush),
                *await self._one_by_one(entries[half:], flush=flush),
            ]

    async def _flush(self) -> None:
        """Makes everything durable that has committed: the log is flushed up to a last word."""
        async with self._database.transaction(SYSTEM) as uow:
            uow.write_last("SELECT pg_logical_emit_message(true, 'souk.ledger', '')")


def _commit_mode(*, flush: bool) -> str:
    return f"SET LOCAL synchronous_commit = {'on' if flush else 'off'}"
