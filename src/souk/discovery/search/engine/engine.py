"""The reading face of the engine: one object a process, used from its threads."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from souk.discovery.search.engine.cache import SnapshotCache
from souk.discovery.search.engine.holding import Asked, Held, Holding
from souk.discovery.search.engine.plan import Plan, Planner
from souk.discovery.search.engine.reader import IndexReader, Snapshot
from souk.discovery.search.engine.searching import Searching
from souk.discovery.search.engine.suggesting import Suggesting
from souk.discovery.search.model import Completion, Filters, SearchRequest, SearchResult


class SearchEngine:
    """Searches the index under `root`, which the writer's process may change at any time.

    `is_word` tells words of the language, which are never taken for typing errors.
    Blocking and thread-safe. Every call raises IndexMissing while there is no readable index.
    """

    def __init__(
        self,
        root: Path,
        *,
        own_currency: str = "USD",
        cached_results: int = 1_000,
        is_word: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._reader = IndexReader(root)
        self._planner = Planner(is_word)
        self._searching = Searching(own_currency=own_currency)
        self._suggesting = Suggesting()
        self._holding = Holding(own_currency=own_currency)
        self._results: SnapshotCache[SearchRequest, SearchResult] = SnapshotCache(cached_results)

    def snapshot(self) -> Snapshot:
        """The newest state of the index."""
        return self._reader.snapshot()

    def known(self, request: SearchRequest) -> SearchResult | None:
        """The answer, if the same was asked of the index as it is now. Takes microseconds."""
        return self._results.get(self._reader.snapshot().version, request)

    def answer(
        self,
        request: SearchRequest,
        *,
        embed: Callable[[str], npt.NDArray[np.float32] | None],
    ) -> SearchResult:
        """One page of an answer, kept until the index changes.

        `embed` gives the meaning of a text, None when it cannot: words alone are searched then,
        and the answer is not kept.
        """
        snapshot = self.snapshot()
        found = self._results.get(snapshot.version, request)
        if found is None:
            plan = self.plan(snapshot, request.text)
            vector = embed(plan.meaning) if plan.meaning else None
            found = self.search(snapshot, request, plan=plan, vector=vector)
            if vector is not None or not plan.meaning:
                self._results.put(snapshot.version, request, found)
        return found

    def plan(self, snapshot: Snapshot, text: str) -> Plan:
        """What to look for; the caller then embeds `plan.meaning`."""
        return self._planner.plan(text, searcher=snapshot.searcher, vocabulary=snapshot.vocabulary)

    def search(
        self,
        snapshot: Snapshot,
        request: SearchRequest,
        *,
        plan: Plan,
        vector: npt.NDArray[np.float32] | None,
    ) -> SearchResult:
        """One page of an answer; without a vector by words alone."""
        return self._searching.search(snapshot, request, plan, vector)

    def hold(self, within: Filters, asked: Sequence[Asked]) -> Held:
        """Which of the listings within these filters each question matches: see `holding`."""
        return self._holding.hold(self.snapshot(), within, asked)

    def suggest(self, snapshot: Snapshot, typed: str, *, limit: int) -> list[Completion]:
        """What the words typed so far may become."""
        return self._suggesting.suggest(snapshot, typed, limit=limit)
