"""The SQL of trending."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork


class Score(msgspec.Struct, frozen=True):
    """A listing's score."""

    listing_id: str
    score: float


async def compute(
    uow: UnitOfWork,
    *,
    weights: Mapping[str, float],
    half_life_hours: float,
    since: datetime,
    smallest: float,
) -> list[Score]:
    """Puts fresh scores in the place of the old; answers those that changed by a twentieth or more.

    The formula is `model.trending_score`: each person counts once a listing and kind, with the
    newest action; an organisation is one person as a buyer. A sale that was undone does not count.
    A listing that no longer trends is answered with the score 0.
    """
    return await uow.all(
        Score,
        """
        WITH newest AS (
            SELECT f.listing_id, f.kind, max(f.at) AS at
            FROM analytics.facts f
            WHERE f.at >= %(since)s AND f.kind = ANY(%(kinds)s)
              AND NOT (f.kind = 'order' AND EXISTS (
                  SELECT 1 FROM analytics.facts r
                  WHERE r.order_id = f.order_id AND r.kind = 'refund'))
            GROUP BY f.listing_id, f.kind,
                CASE WHEN f.kind IN ('order', 'download') THEN f.visitor
                     ELSE coalesce(f.user_id, f.visitor) END
        ), by_kind AS (
            SELECT listing_id, kind, sum(2.0::float8 ^ (
                -greatest(0, extract(epoch FROM %(now)s - at) / 3600) / %(half_life)s::float8
            )) AS total
            FROM newest GROUP BY listing_id, kind
        ), fresh AS (
            SELECT k.listing_id, sum(w.weight * ln(1 + k.total)) AS score
            FROM by_kind k
            JOIN unnest(%(kinds)s::text[], %(weights)s::float8[]) AS w(kind, weight)
                ON w.kind = k.kind
            GROUP BY k.listing_id
        ), kept AS (
            SELECT f.listing_id, l.kind, l.category, f.score
            FROM fresh f JOIN analytics.listings l ON l.listing_id = f.listing_id
            WHERE l.published AND f.score >= %(smallest)s
        ), before AS (
            SELECT listing_id, score FROM analytics.trending
        ), gone AS (
            DELETE FROM analytics.trending t
            WHERE NOT EXISTS (SELECT 1 FROM kept k WHERE k.listing_id = t.listing_id)
        ), written AS (
            INSERT INTO analytics.trending AS t (listing_id, kind, category, score, computed_at)
            SELECT listing_id, kind, category, score, %(now)s FROM kept
            ON CONFLICT (listing_id) DO UPDATE SET kind = excluded.kind,
                category = excluded.category, score = excluded.score,
                computed_at = excluded.computed_at
        )
        SELECT coalesce(k.listing_id, b.listing_id) AS listing_id,
               coalesce(k.score, 0)::float8 AS score
        FROM kept k FULL JOIN before b ON b.listing_id = k.listing_id
        WHERE abs(coalesce(k.score, 0) - coalesce(b.score, 0)) >= coalesce(b.score, 0) * 0.05
        """,
        since=since,
        now=uow.now,
        kinds=list(weights),
        weights=list(weights.values()),
        half_life=half_life_hours,
        smallest=smallest,
    )


async def top(
    uow: UnitOfWork, *, kind: str | None, category: str | None, limit: int
) -> list[Score]:
    return await uow.all(
        Score,
        """
        SELECT listing_id, score FROM analytics.trending
        WHERE (%(kind)s::text IS NULL OR kind = %(kind)s)
          AND (%(category)s::text IS NULL OR category = %(category)s)
        ORDER BY score DESC, listing_id LIMIT %(limit)s
        """,
        kind=kind,
        category=category,
        limit=limit,
    )


async def scores(uow: UnitOfWork, listing_ids: Sequence[str]) -> list[Score]:
    return await uow.all(
        Score,
        "SELECT listing_id, score FROM analytics.trending WHERE listing_id = ANY(%(ids)s)",
        ids=list(listing_ids),
    )
