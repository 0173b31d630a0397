"""The reading face of the engine: one object a process, used from its threads."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from souk.discovery.search.engine.plan import Plan, Planner
from souk.discovery.search.engine.reader import IndexReader, Snapshot
from souk.discovery.search.engine.searching import Searching
from souk.discovery.search.engine.suggesting import Suggesting
from souk.discovery.search.model import Completion, SearchRequest, SearchResult


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
        is_word: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._reader = IndexReader(root)
        self._planner = Planner(is_word)
        self._searching = Searching(own_currency=own_currency)
        self._suggesting = Suggesting()

    def snapshot(self) -> Snapshot:
        """The newest state of the index."""
        return self._reader.snapshot()

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

    def suggest(self, snapshot: Snapshot, typed: str, *, limit: int) -> list[Completion]:
        """What the words typed so far may become."""
        return self._suggesting.suggest(snapshot, typed, limit=limit)
