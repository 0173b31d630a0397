"""The SQL of reports: reads sums only, each query by its organisation."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import msgspec

from souk.infra.postgres.uow import UnitOfWork

_COUNTS: Final = """
    coalesce(sum(views), 0)::bigint AS views, coalesce(sum(clicks), 0)::bigint AS clicks,
    coalesce(sum(checkouts), 0)::bigint AS checkouts,
    coalesce(sum(favourites), 0)::bigint AS favourites,
    coalesce(sum(downloads), 0)::bigint AS downloads, coalesce(sum(orders), 0)::bigint AS orders,
    coalesce(sum(refunds), 0)::bigint AS refunds
"""
_MONEY: Final = """
    sum(orders)::bigint AS orders, sum(refunds)::bigint AS refunds,
    sum(gross_minor)::bigint AS gross_minor, sum(net_minor)::bigint AS net_minor,
    sum(refunded_minor)::bigint AS refunded_minor
"""
_MINE: Final = """
    organisation_id = %(organisation_id)s
    AND (%(listing_id)s::text IS NULL OR listing_id = %(listing_id)s)
"""
_TIME: Final = "starts_at >= %(since)s AND starts_at < %(until)s"


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Whose numbers, and of which time (`until` is left out)."""

    organisation_id: str
    listing_id: str | None
    since: datetime
    until: datetime
    grain: str = "day"

    def values(self) -> dict[str, object]:
        return msgspec.structs.asdict(self)


class TrafficRow(msgspec.Struct, frozen=True, kw_only=True):
    starts_at: datetime
    views: int
    visitors: int
    clicks: int
    checkouts: int
    favourites: int
    downloads: int
    orders: int
    refunds: int


class MoneyRow(msgspec.Struct, frozen=True, kw_only=True):
    currency: str
    orders: int
    refunds: int
    gross_minor: int
    net_minor: int
    refunded_minor: int


class MoneyPointRow(MoneyRow, frozen=True, kw_only=True):
    starts_at: datetime


class MoneyCountryRow(MoneyRow, frozen=True, kw_only=True):
    country: str


class MoneyListingRow(MoneyRow, frozen=True, kw_only=True):
    listing_id: str


class OriginRow(msgspec.Struct, frozen=True, kw_only=True):
    dimension: str
    value: str
    views: int
    orders: int


class ListingRow(msgspec.Struct, frozen=True, kw_only=True):
    listing_id: str
    views: int
    visitors: int
    clicks: int
    checkouts: int
    favourites: int
    downloads: int
    orders: int
    refunds: int


async def traffic(uow: UnitOfWork, span: Span) -> list[TrafficRow]:
    """By hour or day; a visitor of several listings counts once for the organisation."""
    return await uow.all(
        TrafficRow,
        f"""
        SELECT t.starts_at, t.views, t.clicks, t.checkouts, t.favourites, t.downloads, t.orders,
               t.refunds,
               CASE WHEN %(listing_id)s::text IS NULL THEN coalesce(a.visitors, 0)
                    ELSE t.visitors END AS visitors
        FROM (
            SELECT starts_at, coalesce(sum(visitors), 0)::bigint AS visitors, {_COUNTS}
            FROM analytics.traffic WHERE {_MINE} AND grain = %(grain)s AND {_TIME}
            GROUP BY starts_at
        ) AS t
        LEFT JOIN analytics.audience a ON a.organisation_id = %(organisation_id)s
            AND a.grain = %(grain)s AND a.starts_at = t.starts_at
        ORDER BY t.starts_at
        """,
        **span.values(),
    )


async def money(uow: UnitOfWork, span: Span) -> list[MoneyRow]:
    """By currency."""
    return await uow.all(
        MoneyRow,
        f"""
        SELECT currency, {_MONEY} FROM analytics.revenue
        WHERE {_MINE} AND grain = 'day' AND {_TIME} GROUP BY currency ORDER BY currency
        """,
        **span.values(),
    )


async def money_points(uow: UnitOfWork, span: Span) -> list[MoneyPointRow]:
    """By hour or day, and currency."""
    return await uow.all(
        MoneyPointRow,
        f"""
        SELECT starts_at, currency, {_MONEY} FROM analytics.revenue
        WHERE {_MINE} AND grain = %(grain)s AND {_TIME}
        GROUP BY starts_at, currency ORDER BY starts_at, currency
        """,
        **span.values(),
    )


async def money_countries(uow: UnitOfWork, span: Span, *, limit: int) -> list[MoneyCountryRow]:
    """By country and currency, the most first."""
    return await uow.all(
        MoneyCountryRow,
        f"""
        SELECT country, currency, {_MONEY} FROM analytics.revenue
        WHERE {_MINE} AND grain = 'day' AND {_TIME}
        GROUP BY country, currency ORDER BY net_minor DESC, country, currency LIMIT %(limit)s
        """,
        limit=limit,
        **span.values(),
    )


async def origins(uow: UnitOfWork, span: Span, *, limit: int) -> list[OriginRow]:
    """The most frequent values of each dimension."""
    return await uow.all(
        OriginRow,
        f"""
        SELECT dimension, value, views, orders FROM (
            SELECT dimension, value, sum(views)::bigint AS views, sum(orders)::bigint AS orders,
                   row_number() OVER (
                       PARTITION BY dimension ORDER BY sum(views) DESC, sum(orders) DESC, value
                   ) AS place
            FROM analytics.origins
            WHERE {_MINE} AND day >= %(first_day)s AND day < %(last_day)s
            GROUP BY dimension, value
        ) AS ranked
        WHERE place <= %(limit)s ORDER BY dimension, place
        """,
        first_day=span.since.date(),
        last_day=span.until.date(),
        limit=limit,
        **span.values(),
    )


async def listings(
    uow: UnitOfWork, span: Span, *, after: tuple[int, str] | None, limit: int
) -> list[ListingRow]:
    """By listing, the most views first; `after` is the views and the id of the last one shown."""
    return await uow.all(
        ListingRow,
        f"""
        SELECT * FROM (
            SELECT listing_id, coalesce(sum(visitors), 0)::bigint AS visitors, {_COUNTS}
            FROM analytics.traffic WHERE {_MINE} AND grain = 'day' AND {_TIME}
            GROUP BY listing_id
        ) AS t
        WHERE %(after_id)s::text IS NULL
           OR (t.views, t.listing_id) < (%(after_views)s::bigint, %(after_id)s)
        ORDER BY t.views DESC, t.listing_id DESC LIMIT %(limit)s
        """,
        after_views=after[0] if after else None,
        after_id=after[1] if after else None,
        limit=limit,
        **span.values(),
    )


async def money_of_listings(
    uow: UnitOfWork, span: Span, listing_ids: Sequence[str]
) -> list[MoneyListingRow]:
    """By listing and currency."""
    return await uow.all(
        MoneyListingRow,
        f"""
        SELECT listing_id, currency, {_MONEY} FROM analytics.revenue
        WHERE {_MINE} AND grain = 'day' AND {_TIME} AND listing_id = ANY(%(ids)s)
        GROUP BY listing_id, currency ORDER BY currency
        """,
        ids=list(listing_ids),
        **span.values(),
    )


class NumbersRow(msgspec.Struct, frozen=True, kw_only=True):
    listing_id: str
    views: int
    visitors: int
    orders: int
    downloads: int


async def numbers(uow: UnitOfWork, listing_ids: Sequence[str], *, since: date) -> list[NumbersRow]:
    """Sums of listings since a day, whoever owns them."""
    return await uow.all(
        NumbersRow,
        """
        SELECT listing_id, sum(views)::bigint AS views, sum(visitors)::bigint AS visitors,
               sum(orders)::bigint AS orders, sum(downloads)::bigint AS downloads
        FROM analytics.traffic
        WHERE listing_id = ANY(%(ids)s) AND grain = 'day' AND starts_at >= %(since)s
        GROUP BY listing_id
        """,
        ids=list(listing_ids),
        since=since,
    )
