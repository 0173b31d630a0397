from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import pytest_asyncio

from souk.discovery.search import store
from souk.discovery.search.embedding.embedder import Embedder
from souk.discovery.search.embedding.shared import SharedEmbedder
from souk.discovery.search.engine.engine import SearchEngine
from souk.discovery.search.engine.writer import IndexWriter
from souk.discovery.search.model import SearchRequest, SearchResult
from souk.infra.outbox.nudge import Nudger
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.clock import SystemClock
from tests.discovery.search.worker import Market, running

MODEL = "for-tests"
Ask = Callable[..., SearchResult]


@pytest.fixture(scope="session")
def shared_embedder(tmp_path_factory: pytest.TempPathFactory) -> SharedEmbedder:
    """The real model, built from its weights once a test process."""
    return SharedEmbedder(tmp_path_factory.mktemp("embedder"), threads=1, cached_queries=100)


@pytest.fixture(scope="session")
def embedder(shared_embedder: SharedEmbedder) -> Embedder:
    opened = shared_embedder.get()
    assert opened is not None
    return opened


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "search"


@pytest.fixture
def writer(root: Path) -> Iterator[IndexWriter]:
    opened = IndexWriter(root, model=MODEL)
    opened.rebuild([])
    yield opened
    opened.close()


@pytest.fixture
def engine(root: Path) -> SearchEngine:
    return SearchEngine(root)


@pytest.fixture
def ask(engine: SearchEngine) -> Ask:
    def asked(text: str = "", vector: npt.NDArray[np.float32] | None = None, **fields: object):
        snapshot = engine.snapshot()
        plan = engine.plan(snapshot, text)
        request = SearchRequest(text=text, **fields)  # type: ignore[arg-type]  # fields of a test
        return engine.search(snapshot, request, plan=plan, vector=vector)

    return asked


@pytest_asyncio.fixture
async def nudged(app_dsn: str) -> AsyncIterator[Database]:
    """The database as a process uses it: workers are woken at once."""
    nudger = Nudger(app_dsn)
    opened = Database(app_dsn, pool_size=8, clock=SystemClock(), write_events=nudger)
    await opened.open()
    async with running(nudger.run):
        yield opened
    await opened.close()


@pytest_asyncio.fixture
async def market(
    nudged: Database, root: Path, shared_embedder: SharedEmbedder
) -> AsyncIterator[Market]:
    async with nudged.transaction(SYSTEM) as uow:
        await store.remove(uow, await store.findable_ids(uow, after="", until=None))
    made = Market(nudged, root, shared_embedder)
    await made.service.open()
    yield made
    made.service.close()
    made.executor.close()
