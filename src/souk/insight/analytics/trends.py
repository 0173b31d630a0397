"""Trending: computed now and then by the worker, answered from a short cache."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from souk.infra.postgres.uow import UnitOfWork
from souk.insight.analytics import trending_store
from souk.insight.analytics.api import Trending
from souk.insight.analytics.events import TrendingChanged
from souk.insight.analytics.model import WEIGHTS
from souk.insight.analytics.settings import AnalyticsSettings

SMALLEST: Final = 0.05
"""Scores below it are noise of long ago."""
CACHED_LISTS: Final = 500
LONGEST: Final = 100
IDS_AN_EVENT: Final = 100

_Key = tuple[str | None, str | None]


class Trends:
    """Computes and answers what is wanted now."""

    def __init__(
        self, settings: AnalyticsSettings, *, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._monotonic_s = monotonic_s
        self._lists: OrderedDict[_Key, tuple[float, list[Trending]]] = OrderedDict()

    async def compute(self, uow: UnitOfWork) -> int:
        """Computes every score again and announces those that moved; answers how many moved."""
        settings = self._settings
        moved = await trending_store.compute(
            uow,
            weights=WEIGHTS,
            half_life_hours=settings.trending_half_life_hours,
            since=uow.now - timedelta(days=settings.trending_window_days),
            smallest=SMALLEST,
        )
        ids = [score.listing_id for score in moved]
        for start in range(0, len(ids), IDS_AN_EVENT):
            uow.publish(TrendingChanged(listing_ids=ids[start : start + IDS_AN_EVENT]))
        return len(ids)

    async def top(
        self, uow: UnitOfWork, *, kind: str | None, category: str | None, limit: int
    ) -> list[Trending]:
        """See `Analytics.trending`."""
        key = (kind, category)
        now = self._monotonic_s()
        found = self._lists.get(key)
        if found is None or found[0] <= now:
            rows = await trending_store.top(uow, kind=kind, category=category, limit=LONGEST)
            listed = [Trending(row.listing_id, row.score) for row in rows]
            found = (now + self._settings.trending_seconds, listed)
            self._lists[key] = found
            if len(self._lists) > CACHED_LISTS:
                self._lists.popitem(last=False)
        return found[1][: max(0, limit)]

    async def scores(self, uow: UnitOfWork, listing_ids: Sequence[str]) -> dict[str, float]:
        """See `Analytics.trending_scores`."""
        rows = await trending_store.scores(uow, listing_ids)
        return {row.listing_id: row.score for row in rows}
