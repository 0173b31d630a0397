"""A worker and a reader of search over one database and one folder."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.di import Provide

from souk.discovery.search import store
from souk.discovery.search.api import SearchQuestion
from souk.discovery.search.embedding.shared import SharedEmbedder
from souk.discovery.search.executor import SearchExecutor
from souk.discovery.search.feeding import Feeding
from souk.discovery.search.indexer import Indexer
from souk.discovery.search.jobs import EmbedTask, search_handler
from souk.discovery.search.routes import ROUTES
from souk.discovery.search.service import SearchService
from souk.discovery.search.settings import SearchSettings
from souk.infra.http.errors import exception_handler
from souk.infra.live.listener import Listener
from souk.infra.outbox.store import CHANNEL
from souk.infra.outbox.worker import OutboxWorker
from souk.infra.postgres.database import Database
from souk.infra.waiting import waited
from souk.insight.analytics.api import Fact
from souk.kernel.actor import ANONYMOUS
from tests.discovery.search.shelf import Shelf


class Market:
    """A worker and a reader over one database and one folder."""

    def __init__(self, database: Database, root: Path, embedder: SharedEmbedder) -> None:
        self.database = database
        self.root = root
        self.shelf = Shelf()
        self.facts: list[Fact] = []
        self.executor = SearchExecutor(threads=1, queue_length=16)
        self.feeding = Feeding(
            database=database,
            listings=self.shelf,  # type: ignore[arg-type]  # the part that search reads
            signals=self.shelf,
            embedder=embedder,
            executor=self.executor,
        )
        self.embedder = embedder
        self.service = SearchService(root=root, settings=SearchSettings(), embedder=embedder)
        self.outbox = OutboxWorker(database, [search_handler(self.feeding)])

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[Indexer]:
        """The worker process's tasks."""
        indexer = Indexer(database=self.database, root=self.root, embedder=self.embedder)
        listener = Listener(self.database.dsn)
        listener.on(CHANNEL, lambda _: self.outbox.wake())
        listener.on(store.CHANNEL, indexer.wake)
        embed = EmbedTask(self.feeding)
        listener.on(store.CHANNEL, embed.wake)
        async with AsyncExitStack() as stack:
            for task in (self.outbox.run, listener.run, indexer.run, embed.run):
                await stack.enter_async_context(running(task))
            await listener.listening.wait()
            assert await waited(indexer.ready, 20)
            yield indexer

    def record(self, fact: Fact) -> None:
        """The part of `Analytics` that search tells."""
        self.facts.append(fact)

    def app(self) -> Litestar:
        """The routes of search."""
        return Litestar(
            ROUTES,
            dependencies={
                "search": Provide(lambda: self.service, sync_to_thread=False),
                "analytics": Provide(lambda: self, sync_to_thread=False),
            },
            before_request=_come_as_anybody,
            exception_handlers={Exception: exception_handler(None)},
        )

    async def titles(self, text: str = "", **fields: object) -> list[str]:
        question = SearchQuestion(text=text, **fields)  # type: ignore[arg-type]
        answer = await self.service.search(question)
        return [hit.listing.title for hit in answer.items]


def _come_as_anybody(request: Request[Any, Any, State]) -> None:
    request.scope["user"] = ANONYMOUS


@asynccontextmanager
async def running(task: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    started = asyncio.ensure_future(task())
    try:
        yield
    finally:
        started.cancel()
        with suppress(asyncio.CancelledError):
            await started


async def until(condition: Callable[[], Awaitable[bool]], *, within_s: float) -> float:
    """How long it took to become true."""
    started = time.monotonic()
    while not await condition():
        assert time.monotonic() - started < within_s, "it never became true"
        await asyncio.sleep(0.01)
    return time.monotonic() - started
