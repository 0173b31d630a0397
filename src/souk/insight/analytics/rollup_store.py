"""The SQL of roll-ups: sums by hour and day, always added up again from the facts themselves.

A roll-up takes marks of hours that changed and replaces the sums of those hours and of their days.
It adds nothing to what is there, so duplicates, repeats and late facts cannot make a sum wrong. A
fact and its mark are one transaction: a mark that this roll-up does not see yet is left for the
next one, together with its fact.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from souk.infra.postgres.uow import UnitOfWork

_ROLLUP_LOCK: Final = 731_015
GRAINS: Final = ("hour", "day")


class Bucket(msgspec.Struct, frozen=True):
    """An hour or a day of a listing."""

    listing_id: str
    organisation_id: str
    starts_at: datetime


async def alone(uow: UnitOfWork) -> None:
    """Roll-ups follow each other: held until this transaction ends."""
    await uow.execute("SELECT pg_advisory_xact_lock(%(lock)s)", lock=_ROLLUP_LOCK)


async def take_stale(uow: UnitOfWork, *, limit: int) -> tuple[int, list[Bucket]]:
    """Takes marks; answers how many, and the hours that they name."""
    rows = await uow.all(
        _Taken,
        """
        WITH taken AS (
            DELETE FROM analytics.stale_hours WHERE seq IN (
                SELECT seq FROM analytics.stale_hours ORDER BY seq LIMIT %(limit)s
            ) RETURNING listing_id, organisation_id, hour
        )
        SELECT listing_id, organisation_id, hour AS starts_at, count(*) AS marks
        FROM taken
        WHERE hour >= (SELECT deleted_before FROM analytics.horizon)
        GROUP BY listing_id, organisation_id, hour
        """,
        limit=limit,
    )
    hours = [Bucket(row.listing_id, row.organisation_id, row.starts_at) for row in rows]
    return sum(row.marks for row in rows), hours


class _Taken(msgspec.Struct, frozen=True):
    listing_id: str
    organisation_id: str
    starts_at: datetime
    marks: int


async def mark_all(uow: UnitOfWork) -> None:
    """Marks every hour that has facts or sums, as far back as single facts are kept.

    In the order of listings and hours, so that a day's hours are taken together.
    """
    await uow.execute("DELETE FROM analytics.stale_hours")
    await uow.execute(
        """
        INSERT INTO analytics.stale_hours (listing_id, organisation_id, hour)
        SELECT * FROM (
            SELECT listing_id, organisation_id, date_trunc('hour', at, 'UTC') AS hour
            FROM analytics.facts
            UNION
            SELECT listing_id, organisation_id, starts_at FROM analytics.traffic
            WHERE grain = 'hour' AND starts_at >= (SELECT deleted_before FROM analytics.horizon)
        ) AS hours ORDER BY listing_id, hour
        """
    )


def _keys(buckets: Sequence[Bucket]) -> dict[str, object]:
    return {
        "listing_ids": [bucket.listing_id for bucket in buckets],
        "organisation_ids": [bucket.organisation_id for bucket in buckets],
        "starts": [bucket.starts_at for bucket in buckets],
    }


_BUCKETS: Final = """
    unnest(%(listing_ids)s::text[], %(starts)s::timestamptz[]) AS k(listing_id, starts_at)
"""
# Each bucket on its own, by the index over listing and time: joined, a busy listing's facts would
# be compared with each of its hours.
_IN_BUCKET: Final = """
    f.listing_id = k.listing_id AND f.at >= k.starts_at
    AND f.at < k.starts_at + ('1 ' || %(grain)s)::interval
"""


async def add_up_traffic(uow: UnitOfWork, grain: str, buckets: Sequence[Bucket]) -> None:
    """Replaces what is counted of these hours or days."""
    await uow.execute(
        f"""
        DELETE FROM analytics.traffic t USING {_BUCKETS}
        WHERE t.listing_id = k.listing_id AND t.grain = %(grain)s AND t.starts_at = k.starts_at
        """,
        grain=grain,
        **_keys(buckets),
    )
    await uow.execute(
        f"""
        INSERT INTO analytics.traffic (listing_id, grain, starts_at, organisation_id, views,
            visitors, clicks, checkouts, favourites, downloads, orders, refunds)
        SELECT k.listing_id, %(grain)s, k.starts_at, s.*
        FROM {_BUCKETS} CROSS JOIN LATERAL (
            SELECT max(f.organisation_id),
                   count(*) FILTER (WHERE f.kind = 'view'),
                   count(DISTINCT f.visitor) FILTER (WHERE f.kind = 'view'),
                   count(*) FILTER (WHERE f.kind = 'click'),
                   count(*) FILTER (WHERE f.kind = 'checkout'),
                   count(*) FILTER (WHERE f.kind = 'favourite'),
                   count(*) FILTER (WHERE f.kind = 'download'),
                   count(*) FILTER (WHERE f.kind = 'order'),
                   count(*) FILTER (WHERE f.kind = 'refund')
            FROM analytics.facts f WHERE {_IN_BUCKET} HAVING count(*) > 0
        ) AS s
        """,
        grain=grain,
        **_keys(buckets),
    )


async def add_up_revenue(uow: UnitOfWork, grain: str, buckets: Sequence[Bucket]) -> None:
    """Replaces the money of these hours or days, by currency and country."""
    await uow.execute(
        f"""
        DELETE FROM analytics.revenue r USING {_BUCKETS}
        WHERE r.listing_id = k.listing_id AND r.grain = %(grain)s AND r.starts_at = k.starts_at
        """,
        grain=grain,
        **_keys(buckets),
    )
    await uow.execute(
        f"""
        INSERT INTO analytics.revenue (listing_id, grain, starts_at, currency, country,
            organisation_id, orders, refunds, gross_minor, net_minor, refunded_minor)
        SELECT k.listing_id, %(grain)s, k.starts_at, s.*
        FROM {_BUCKETS} CROSS JOIN LATERAL (
            SELECT f.currency, f.country, max(f.organisation_id),
                   count(*) FILTER (WHERE f.kind = 'order'),
                   count(*) FILTER (WHERE f.kind = 'refund'),
                   coalesce(sum(f.gross_minor) FILTER (WHERE f.kind = 'order'), 0),
                   coalesce(sum(f.net_minor) FILTER (WHERE f.kind = 'order'), 0),
                   coalesce(sum(f.net_minor) FILTER (WHERE f.kind = 'refund'), 0)
            FROM analytics.facts f WHERE {_IN_BUCKET} AND f.currency IS NOT NULL
            GROUP BY f.currency, f.country
        ) AS s
        """,
        grain=grain,
        **_keys(buckets),
    )


async def add_up_audience(uow: UnitOfWork, grain: str, buckets: Sequence[Bucket]) -> None:
    """Replaces the different visitors of the organisations of these hours or days."""
    mine = "unnest(%(organisation_ids)s::text[], %(starts)s::timestamptz[])"
    await uow.execute(
        f"""
        DELETE FROM analytics.audience a USING {mine} AS k(organisation_id, starts_at)
        WHERE a.organisation_id = k.organisation_id AND a.grain = %(grain)s
          AND a.starts_at = k.starts_at
        """,
        grain=grain,
        **_keys(buckets),
    )
    await uow.execute(
        f"""
        INSERT INTO analytics.audience (organisation_id, grain, starts_at, visitors)
        SELECT k.organisation_id, %(grain)s, k.starts_at, s.visitors
        FROM (SELECT DISTINCT * FROM {mine} AS n(organisation_id, starts_at)) AS k
        CROSS JOIN LATERAL (
            SELECT count(DISTINCT f.visitor) AS visitors FROM analytics.facts f
            WHERE f.organisation_id = k.organisation_id AND f.kind = 'view'
              AND f.at >= k.starts_at AND f.at < k.starts_at + ('1 ' || %(grain)s)::interval
            HAVING count(*) > 0
        ) AS s
        """,
        grain=grain,
        **_keys(buckets),
    )


async def add_up_origins(uow: UnitOfWork, days: Sequence[Bucket]) -> None:
    """Replaces where the views and orders of these days came from."""
    await uow.execute(
        f"""
        DELETE FROM analytics.origins o USING {_BUCKETS}
        WHERE o.listing_id = k.listing_id AND o.day = (k.starts_at AT TIME ZONE 'UTC')::date
        """,
        **_keys(days),
    )
    await uow.execute(
        f"""
        INSERT INTO analytics.origins (listing_id, day, dimension, value, organisation_id, views,
            orders)
        SELECT k.listing_id, (k.starts_at AT TIME ZONE 'UTC')::date, s.*
        FROM {_BUCKETS} CROSS JOIN LATERAL (
            SELECT d.dimension, d.value, max(f.organisation_id),
                   count(*) FILTER (WHERE f.kind = 'view'),
                   count(*) FILTER (WHERE f.kind = 'order')
            FROM analytics.facts f CROSS JOIN LATERAL (
                VALUES ('country', f.country), ('source', f.source), ('query', f.query)
            ) AS d(dimension, value)
            WHERE {_IN_BUCKET} AND f.kind IN ('view', 'order') AND d.value <> ''
            GROUP BY d.dimension, d.value
        ) AS s
        """,
        grain="day",
        **_keys(days),
    )
