"""The one owner of the index: brings kept documents into it, for as long as the worker runs."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import structlog

from souk.discovery.search import store
from souk.discovery.search.documents import read_body
from souk.discovery.search.embedding.shared import SharedEmbedder
from souk.discovery.search.engine.errors import IndexBusy
from souk.discovery.search.engine.writer import Entry, IndexWriter, Prepared
from souk.discovery.search.executor import SearchExecutor
from souk.discovery.search.store import KeptDocument
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.infra.waiting import waited

_BATCH: Final = 500
_IDLE_S: Final = 2.0
"""Changes are looked for so often even when no news came."""
_RETRY_S: Final = 1.0
_UPKEEP_EVERY: Final = 2_000

log = structlog.get_logger("souk.search")


class Indexer:
    """Keeps the index equal to the kept documents. The index may be lost at any time."""

    def __init__(self, *, database: Database, root: Path, embedder: SharedEmbedder) -> None:
        self._database = database
        self._root = root
        self._embedder = embedder
        self._news = asyncio.Event()
        self._closing = threading.Event()
        self._upkeep_due = asyncio.Event()
        self._prepared: tuple[Prepared, int] | None = None
        self._last_change = 0
        self._since_upkeep = 0
        self.ready = asyncio.Event()
        """Set once the index holds everything that was kept when it was opened."""

    def wake(self, _payload: str | None = None) -> None:
        """Documents may have changed (called on NOTIFY)."""
        self._news.set()

    async def behind(self, uow: UnitOfWork) -> float | None:
        """How many changes the index has not taken over; None where another process owns it."""
        if not self.ready.is_set():
            return None
        return float(max(0, await store.latest_change(uow) - self._last_change))

    async def run(self) -> None:
        """Owns and feeds the index until cancelled; waits while another process owns it."""
        executor = SearchExecutor(threads=1, queue_length=4, name="index-writer")
        try:
            while True:
                model = await executor.run(self._embedder.model_name)
                try:
                    writer = await executor.run(IndexWriter, self._root, model=model)
                except IndexBusy:
                    await asyncio.sleep(_RETRY_S)
                    continue
                self._closing.clear()
                self._prepared = None
                upkeep = asyncio.create_task(self._keep_up(writer))
                try:
                    await self._serve(writer, executor)
                except Exception:
                    log.exception("indexing failed; opening the index again")
                finally:
                    self.ready.clear()
                    self._closing.set()
                    upkeep.cancel()
                    await asyncio.shield(executor.run(writer.close))
                await asyncio.sleep(_RETRY_S)
        finally:
            # In a thread: what still runs may be waiting for this loop to read from the database.
            await asyncio.to_thread(executor.close)

    async def _serve(self, writer: IndexWriter, executor: SearchExecutor) -> None:
        if writer.is_fresh:
            await self._prepare(writer, executor)
            await self._adopt(writer, executor)
        else:
            await self._reconcile(writer, executor)
        self.ready.set()
        while True:
            self._news.clear()
            while await self._catch_up(writer, executor):
                pass
            await self._adopt(writer, executor)
            await waited(self._news, _IDLE_S)

    async def _keep_up(self, writer: IndexWriter) -> None:
        """What takes long, beside the indexing: growing the graph, making a sparse index anew."""
        executor = SearchExecutor(threads=1, queue_length=0, name="index-upkeep")
        try:
            while True:
                await self._upkeep_due.wait()
                self._upkeep_due.clear()
                try:
                    await executor.run(writer.grow_graph, self._closing)
                    if self._prepared is None and await executor.run(writer.is_sparse):
                        await self._prepare(writer, executor)
                except Exception:
                    log.exception("upkeep of the index failed; trying again later")
        finally:
            # In a thread: what still runs may be waiting for this loop to read from the database.
            await asyncio.to_thread(executor.close)

    async def _prepare(self, writer: IndexWriter, executor: SearchExecutor) -> None:
        """Makes another index from all kept documents."""
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            latest = await store.latest_change(uow)
        loop = asyncio.get_running_loop()

        def batches() -> Iterator[Sequence[Entry]]:
            after = 0
            while not self._closing.is_set():
                page = asyncio.run_coroutine_threadsafe(self._page(after), loop).result()
                if not page:
                    return
                yield entries_of(page)
                after = page[-1].seq

        prepared = await executor.run(writer.prepare, batches(), self._closing)
        self._prepared = prepared, latest
        self._news.set()

    async def _adopt(self, writer: IndexWriter, executor: SearchExecutor) -> None:
        """Puts the prepared index, if there is one, in the place of the present one."""
        if self._prepared is None:
            return
        (prepared, latest), self._prepared = self._prepared, None
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            changed = await store.changed_after(uow, latest, limit=_BATCH)
        entries, removed = _divided(changed)
        await executor.run(writer.adopt, prepared, entries, removed=removed)
        self._last_change = changed[-1].change if changed else latest
        log.info("search index built", listings=prepared.count)

    async def _catch_up(self, writer: IndexWriter, executor: SearchExecutor) -> bool:
        """Indexes the next changes; whether there may be more."""
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            changed = await store.changed_after(uow, self._last_change, limit=_BATCH)
        if changed:
            await self._apply(writer, executor, changed)
            self._last_change = changed[-1].change
        return len(changed) == _BATCH

    async def _apply(
        self, writer: IndexWriter, executor: SearchExecutor, changed: Sequence[KeptDocument]
    ) -> None:
        entries, removed = _divided(changed)
        await executor.run(writer.apply, entries, removed=removed)
        self._since_upkeep += len(changed)
        if self._since_upkeep >= _UPKEEP_EVERY:
            self._since_upkeep = 0
            self._upkeep_due.set()

    async def _reconcile(self, writer: IndexWriter, executor: SearchExecutor) -> None:
        """Repairs what was missed while nobody owned the index."""
        indexed = await executor.run(writer.changes)
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            latest = await store.latest_change(uow)
            kept = await store.findable_changes(uow)
        stale = [seq for seq, change in kept.items() if indexed.get(seq) != change]
        removed = [seq for seq in indexed if seq not in kept]
        for start in range(0, len(stale), _BATCH):
            async with self._database.transaction(SYSTEM, read_only=True) as uow:
                changed = await store.with_numbers(uow, stale[start : start + _BATCH])
            await self._apply(writer, executor, changed)
        if removed:
            await executor.run(writer.apply, [], removed=removed)
        self._last_change = latest
        log.info("search index opened", listings=len(kept), renewed=len(stale), gone=len(removed))

    async def _page(self, after: int) -> list[KeptDocument]:
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            return await store.findable_after(uow, after, limit=_BATCH)


def _divided(changed: Sequence[KeptDocument]) -> tuple[list[Entry], list[int]]:
    """What is to be indexed, and the numbers of what is to be forgotten."""
    entries = entries_of(changed)
    indexed = {entry.document.seq for entry in entries}
    return entries, [one.seq for one in changed if one.seq not in indexed]


def entries_of(kept: Sequence[KeptDocument]) -> list[Entry]:
    """What is to be indexed of these rows. A body of another version is left out: the next check
    of all listings writes it anew."""
    entries = []
    unread = 0
    for one in kept:
        if one.body is None:
            continue
        try:
            document = read_body(one.body, seq=one.seq, change=one.change)
        except msgspec.DecodeError:
            unread += 1
            continue
        vector = None if one.vector is None else np.frombuffer(one.vector, "<f2")
        entries.append(Entry(document, vector))
    if unread:
        log.warning("kept documents are of another version", documents=unread)
    return entries
