"""What a seller may read: numbers of the own organisation and its listings."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.insight.analytics import report_store, store
from souk.insight.analytics.api import Range
from souk.insight.analytics.model import conversion
from souk.insight.analytics.report_store import MoneyRow, Span, TrafficRow
from souk.kernel.actor import Actor
from souk.kernel.errors import Invalid, NotFound
from souk.kernel.paging import Page, decode_cursor, page_of
from souk.works.listings.api import Listings
from souk_client.contracts.analytics import (
    AnalyticsReport,
    CountryEarnings,
    Earnings,
    EarningsPoint,
    ListingAnalytics,
    OriginCount,
    SearchCount,
    TrafficNumbers,
    TrafficPoint,
)

DEFAULT_DAYS: Final = 30
MOST_DAYS: Final[dict[str, int]] = {"day": 366, "hour": 14}
FARTHEST_DAYS: Final = 3660
MOST_ORIGINS: Final = 50
_COUNTED: Final = ("views", "clicks", "checkouts", "favourites", "downloads", "orders", "refunds")


class Reports:
    """Reads the sums."""

    def __init__(self, listings: Listings) -> None:
        self._listings = listings

    async def of_organisation(
        self, uow: UnitOfWork, actor: Actor, organisation_id: str | None, asked: Range
    ) -> AnalyticsReport:
        """All listings of an organisation of the caller's.

        Raises:
            NotFound: `organisation_unknown`.
            Invalid: `range_invalid`.
        """
        chosen = actor.acting_for(organisation_id)
        return await self._report(uow, _span(chosen, None, asked, today=uow.now.date()))

    async def of_listing(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, asked: Range
    ) -> AnalyticsReport:
        """One listing of an organisation of the caller's.

        Raises:
            NotFound: `listing_unknown`, also when it is somebody else's.
            Invalid: `range_invalid`.
        """
        actor.require_user()
        listing = await self._listings.get(uow, listing_id)
        if not actor.belongs_to(listing.owner.id):
            raise NotFound("listing_unknown", "There is no such listing of yours.")
        return await self._report(
            uow, _span(listing.owner.id, listing_id, asked, today=uow.now.date())
        )

    async def listings(
        self,
        uow: UnitOfWork,
        actor: Actor,
        organisation_id: str | None,
        asked: Range,
        *,
        cursor: str | None,
        limit: int,
    ) -> Page[ListingAnalytics]:
        """An organisation's listings that had any traffic, the most views first.

        Raises:
            NotFound: `organisation_unknown`. Invalid: `range_invalid`, `cursor_invalid`.
        """
        chosen = actor.acting_for(organisation_id)
        span = _span(chosen, None, asked, today=uow.now.date())
        rows = await report_store.listings(uow, span, after=_after(cursor), limit=limit + 1)
        page = page_of(rows, limit=limit, key=lambda row: [row.views, row.listing_id])
        ids = [row.listing_id for row in page.items]
        known = await self._listings.summaries(uow, ids)
        money: dict[str, list[Earnings]] = {}
        for row in await report_store.money_of_listings(uow, span, ids):
            money.setdefault(row.listing_id, []).append(_earnings(row))
        return page.map(
            lambda row: ListingAnalytics(
                listing_id=row.listing_id,
                address=known[row.listing_id].address if row.listing_id in known else "",
                title=known[row.listing_id].title if row.listing_id in known else row.listing_id,
                numbers=_numbers(
                    {name: getattr(row, name) for name in _COUNTED}, visitors=row.visitors
                ),
                earnings=money.get(row.listing_id, []),
            )
        )

    async def searches(
        self, uow: UnitOfWork, actor: Actor, *, days: int, limit: int
    ) -> list[SearchCount]:
        """Admin: what was searched for most, by how many different visitors.

        Raises:
            Forbidden: `permission_missing`.
        """
        actor.require("marketplace:administer")
        since = uow.now - timedelta(days=days)
        rows = await store.top_searches(uow, since=since, limit=limit)
        return [SearchCount(**msgspec.structs.asdict(row)) for row in rows]

    async def _report(self, uow: UnitOfWork, span: Span) -> AnalyticsReport:
        found = {row.starts_at: row for row in await report_store.traffic(uow, span)}
        step = timedelta(hours=1) if span.grain == "hour" else timedelta(days=1)
        points = []
        at = span.since
        while at < min(span.until, uow.now):
            points.append(TrafficPoint(starts_at=at, numbers=_of_row(found.get(at))))
            at += step
        origins: dict[str, list[OriginCount]] = {}
        for origin in await report_store.origins(uow, span, limit=MOST_ORIGINS):
            count = OriginCount(value=origin.value, views=origin.views, orders=origin.orders)
            origins.setdefault(origin.dimension, []).append(count)
        countries = await report_store.money_countries(uow, span, limit=MOST_ORIGINS)
        days = msgspec.structs.replace(span, grain="day")
        visitors = sum(row.visitors for row in await report_store.traffic(uow, days))
        return AnalyticsReport(
            organisation_id=span.organisation_id,
            listing_id=span.listing_id,
            since=span.since.date(),
            until=span.until.date() - timedelta(days=1),
            grain="hour" if span.grain == "hour" else "day",
            totals=_numbers(
                {name: sum(getattr(row, name) for row in found.values()) for name in _COUNTED},
                visitors=visitors,
            ),
            points=points,
            earnings=[_earnings(row) for row in await report_store.money(uow, span)],
            earnings_points=[
                EarningsPoint(starts_at=row.starts_at, earnings=_earnings(row))
                for row in await report_store.money_points(uow, span)
            ],
            earnings_by_country=[
                CountryEarnings(country=row.country, earnings=_earnings(row)) for row in countries
            ],
            countries=origins.get("country", []),
            sources=origins.get("source", []),
            queries=origins.get("query", []),
        )


def _span(organisation_id: str, listing_id: str | None, asked: Range, *, today: date) -> Span:
    """The asked days as moments.

    Raises:
        Invalid: `range_invalid`.
    """
    until = today if asked.until is None else asked.until
    most = MOST_DAYS[asked.grain]
    earliest = today - timedelta(days=FARTHEST_DAYS)
    if not earliest <= until <= today:
        raise _range(f"`until` must be from {earliest} to today, {today}; it is {until}.")
    days = min(DEFAULT_DAYS, most)
    since = until - timedelta(days=days - 1) if asked.since is None else asked.since
    if not earliest <= since <= until:
        raise _range(f"`since` must be from {earliest} to `until`, {until}; it is {since}.")
    length = (until - since).days + 1
    if length > most:
        raise _range(
            f"These are {length} days; by {asked.grain} at most {most} are answered at a time."
        )
    return Span(
        organisation_id=organisation_id,
        listing_id=listing_id,
        since=_midnight(since),
        until=_midnight(until) + timedelta(days=1),
        grain=asked.grain,
    )


def _range(detail: str) -> Invalid:
    return Invalid("range_invalid", f"These days cannot be answered: {detail}")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _after(cursor: str | None) -> tuple[int, str] | None:
    key = decode_cursor(cursor, size=2)
    if key is None:
        return None
    views, listing_id = key
    if not (isinstance(views, int) and 0 <= views < 2**62 and isinstance(listing_id, str)):
        raise Invalid("cursor_invalid", "Pass next_cursor exactly as a page gave it.")
    if "\0" in listing_id:
        raise Invalid("cursor_invalid", "Pass next_cursor exactly as a page gave it.")
    return views, listing_id


def _of_row(row: TrafficRow | None) -> TrafficNumbers:
    counts = {name: getattr(row, name) if row else 0 for name in _COUNTED}
    return _numbers(counts, visitors=row.visitors if row else 0)


def _numbers(counts: dict[str, int], *, visitors: int) -> TrafficNumbers:
    return TrafficNumbers(
        **counts, visitors=visitors, conversion=conversion(counts["orders"], visitors)
    )


def _earnings(row: MoneyRow) -> Earnings:
    return Earnings(
        currency=row.currency,
        orders=row.orders,
        refunds=row.refunds,
        gross_minor=row.gross_minor,
        net_minor=row.net_minor,
        refunded_minor=row.refunded_minor,
    )
