"""Use cases of analytics: taking facts, and answering about them."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, Final

from litestar.connection import ASGIConnection

from souk.infra.http.addresses import client_address
from souk.infra.http.visits import visit_of
from souk.infra.postgres.uow import UnitOfWork
from souk.infra.telemetry.metrics import ANALYTICS_DROPPED
from souk.insight.analytics import report_store, store
from souk.insight.analytics.api import (
    CheckoutStarted,
    Fact,
    FavouriteAdded,
    Interaction,
    InteractionKind,
    ListingNumbers,
    ListingViewed,
    SearchClicked,
    Searched,
    Trending,
)
from souk.insight.analytics.intake import Arrival, Intake, fresh_id
from souk.insight.analytics.model import (
    SEARCH,
    UNKNOWN,
    WEIGHTS,
    Source,
    conversion,
    country_of,
    is_part,
    is_robot,
    normal_query,
    source_of,
    wants_no_counting,
)
from souk.insight.analytics.settings import AnalyticsSettings
from souk.insight.analytics.trends import Trends
from souk.kernel.clock import Clock
from souk.kernel.errors import Invalid
from souk.kernel.ids import is_id
from souk.kernel.paging import MAX_LIMIT

NUMBERS_DAYS: Final = 30
LONGEST_USER_AGENT: Final = 400
API: Final = "api"
"""The source of a view through the API."""
_KINDS: Final[dict[str, InteractionKind]] = {
    "view": "view",
    "click": "click",
    "checkout": "checkout",
    "download": "download",
    "order": "order",
    "favourite": "favourite",
}
_KIND_OF: Final[dict[type[Fact], str]] = {
    ListingViewed: "view",
    SearchClicked: "click",
    CheckoutStarted: "checkout",
    FavouriteAdded: "favourite",
    Searched: "search",
}


class AnalyticsService:
    """Implements `Analytics`, and the listings' own `ListingWatcher`."""

    def __init__(
        self,
        *,
        intake: Intake,
        trends: Trends,
        clock: Clock,
        settings: AnalyticsSettings,
        trusted_proxies: Collection[str],
    ) -> None:
        self._intake = intake
        self._trends = trends
        self._clock = clock
        self._settings = settings
        self._trusted_proxies = frozenset(trusted_proxies)

    def record(self, fact: Fact) -> None:
        """See `Analytics.record`."""
        self._record(fact)

    def viewed(self, connection: ASGIConnection[Any, Any, Any, Any], listing_id: str) -> None:
        """A listing was answered through the API."""
        fact = ListingViewed(listing_id=listing_id, visit=visit_of(connection))
        self._record(fact, source=Source(API))

    def _record(self, fact: Fact, *, source: Source | None = None) -> None:
        try:
            for arrival in self._arrivals(fact, source):
                self._intake.take(arrival)
        except Exception:  # whatever a stranger's headers hold, their request is answered
            ANALYTICS_DROPPED.labels("unreadable").inc()

    def _arrivals(self, fact: Fact, source: Source | None) -> list[Arrival]:
        headers = fact.visit.headers
        user_agent = headers.get("user-agent", "")[:LONGEST_USER_AGENT]
        if is_robot(user_agent) or wants_no_counting(headers):
            return []
        if is_part(headers) and isinstance(fact, ListingViewed | CheckoutStarted):
            return []
        listing_id = getattr(fact, "listing_id", "")
        if listing_id and not is_id(listing_id, "lst"):
            return []
        came = source or source_of(
            headers.get("referer", "")[:2000], own_host=headers.get("host", "")
        )
        query = came.query
        if isinstance(fact, SearchClicked | Searched):
            query = normal_query(fact.query)
        kinds = [_KIND_OF[type(fact)]]
        if isinstance(fact, ListingViewed) and came.name == SEARCH:
            kinds.append("click")
        visit = fact.visit
        address = client_address(visit.peer, headers.get("x-forwarded-for"), self._trusted_proxies)
        at = self._clock.now()
        return [
            Arrival(
                id=fresh_id(at),
                kind=kind,
                at=at,
                listing_id=listing_id,
                user_id=visit.actor.user_id,
                address=address,
                user_agent=user_agent,
                organisation_ids=tuple(visit.actor.memberships),
                country=self._country(fact),
                source=came.name,
                query=query,
                result_count=max(0, fact.result_count) if isinstance(fact, Searched) else 0,
            )
            for kind in kinds
        ]

    def _country(self, fact: Fact) -> str:
        name = self._settings.country_header.lower()
        if not name or fact.visit.peer not in self._trusted_proxies:
            return UNKNOWN
        return country_of(fact.visit.headers.get(name, ""))

    async def trending(
        self,
        uow: UnitOfWork,
        *,
        kind: str | None = None,
        category: str | None = None,
        limit: int = MAX_LIMIT,
    ) -> list[Trending]:
        """See `Analytics.trending`."""
        return await self._trends.top(uow, kind=kind, category=category, limit=limit)

    async def trending_scores(
        self, uow: UnitOfWork, listing_ids: Sequence[str]
    ) -> dict[str, float]:
        """See `Analytics.trending_scores`."""
        return await self._trends.scores(uow, listing_ids)

    async def listing_numbers(
        self, uow: UnitOfWork, listing_ids: Sequence[str]
    ) -> dict[str, ListingNumbers]:
        """See `Analytics.listing_numbers`; sums tell nothing of anybody, so they are for all."""
        since = (uow.now - timedelta(days=NUMBERS_DAYS - 1)).date()
        async with uow.as_system():
            rows = await report_store.numbers(uow, listing_ids, since=since)
        found = {
            row.listing_id: ListingNumbers(
                views=row.views,
                visitors=row.visitors,
                orders=row.orders,
                downloads=row.downloads,
                conversion=conversion(row.orders, row.visitors) or 0.0,
            )
            for row in rows
        }
        return {one: found.get(one) or ListingNumbers() for one in listing_ids}

    async def interactions(
        self, uow: UnitOfWork, *, after: str | None = None, limit: int = 1000
    ) -> list[Interaction]:
        """See `Analytics.interactions`."""
        rows = await store.interactions(uow, after=_place(after), limit=limit)
        return [
            Interaction(
                cursor=str(row.seq),
                person=row.person,
                listing_id=row.listing_id,
                kind=_KINDS[row.kind],
                weight=WEIGHTS[row.kind],
                at=row.at,
            )
            for row in rows
        ]

    async def forget_user(self, uow: UnitOfWork, user_id: str) -> int:
        """See `Analytics.forget_user`."""
        return await store.forget_user(uow, user_id)


def _place(after: str | None) -> int:
    if after is None:
        return 0
    if not (after.isascii() and after.isdigit() and len(after) <= 18):
        raise Invalid("cursor_invalid", "Pass the cursor of an interaction as it was given.")
    return int(after)
