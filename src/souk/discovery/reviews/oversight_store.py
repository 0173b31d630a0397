"""The SQL of those who watch over reviews, in the system's scope: moderation, refunds, checks."""

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from souk.discovery.reviews.api import ReviewFacts, ReviewSubject
from souk.infra.postgres.uow import UnitOfWork

_FACTS = """
    SELECT r.id, r.listing_id, r.seller_id, r.organisation_id, r.user_id, r.stars, r.text,
        r.created_at, r.licence_standing AS licence, r.licence_ended_at,
        r.withdrawn_at IS NULL AND r.hidden_at IS NULL AS is_public
    FROM reviews.reviews r
"""


async def subject(uow: UnitOfWork, review_id: str) -> ReviewSubject | None:
    """A review that is not withdrawn."""
    return await uow.one_or_none(
        ReviewSubject,
        """
        SELECT id, listing_id, organisation_id, user_id, stars, text,
            hidden_at IS NOT NULL AS hidden
        FROM reviews.reviews
        WHERE id = %(id)s AND withdrawn_at IS NULL
        """,
        id=review_id,
    )


async def hide(uow: UnitOfWork, review_id: str, *, reason: str) -> str | None:
    """Hides a review; answers its listing, or None when it was hidden or is not there."""
    listing_id: str | None = await uow.value(
        """
        UPDATE reviews.reviews SET hidden_at = %(now)s, hidden_reason = %(reason)s
        WHERE id = %(id)s AND hidden_at IS NULL RETURNING listing_id
        """,
        id=review_id,
        reason=reason,
        now=uow.now,
    )
    return listing_id


async def restore(uow: UnitOfWork, review_id: str) -> str | None:
    """Shows a hidden review again; answers its listing, or None when it was not hidden."""
    listing_id: str | None = await uow.value(
        """
        UPDATE reviews.reviews SET hidden_at = NULL, hidden_reason = NULL
        WHERE id = %(id)s AND hidden_at IS NOT NULL RETURNING listing_id
        """,
        id=review_id,
    )
    return listing_id


async def mark_licence(
    uow: UnitOfWork, licence_id: str, *, standing: Literal["refunded", "revoked"]
) -> None:
    """Notes on the reviews behind a licence how it ended; a refund outweighs a revocation."""
    await uow.execute(
        """
        UPDATE reviews.reviews
        SET licence_standing = %(standing)s, licence_ended_at = coalesce(licence_ended_at, %(now)s)
        WHERE licence_id = %(id)s AND licence_standing <> 'refunded'
        """,
        id=licence_id,
        standing=standing,
        now=uow.now,
    )


async def facts_since(uow: UnitOfWork, since: datetime, *, limit: int) -> list[ReviewFacts]:
    """The newest reviews written since then."""
    return await uow.all(
        ReviewFacts,
        f"{_FACTS} WHERE r.created_at >= %(since)s ORDER BY r.id DESC LIMIT %(limit)s",
        since=since,
        limit=limit,
    )


async def facts_around(
    uow: UnitOfWork, listing_ids: Collection[str], *, since: datetime, limit: int
) -> list[ReviewFacts]:
    """Reviews of these listings, by those who reviewed them, and of their sellers' works."""
    return await uow.all(
        ReviewFacts,
        f"""
        WITH near AS (
            SELECT DISTINCT user_id, seller_id FROM reviews.reviews
            WHERE listing_id = ANY(%(ids)s) AND created_at >= %(since)s
        )
        {_FACTS}
        WHERE r.created_at >= %(since)s AND (
            r.listing_id = ANY(%(ids)s)
            OR r.user_id IN (SELECT user_id FROM near)
            OR r.seller_id IN (SELECT seller_id FROM near)
            OR r.seller_id IN (SELECT organisation_id FROM reviews.reviews
                               WHERE listing_id = ANY(%(ids)s) AND created_at >= %(since)s)
        )
        ORDER BY r.id DESC LIMIT %(limit)s
        """,
        ids=list(listing_ids),
        since=since,
        limit=limit,
    )


async def wrong_ratings(uow: UnitOfWork) -> list[str]:
    """Listings whose kept counts are not what their reviews say: always none."""
    return await uow.values(
        """
        SELECT coalesce(kept.listing_id, counted.listing_id)
        FROM (SELECT listing_id, counts FROM reviews.ratings WHERE count > 0) AS kept
        FULL JOIN (
            SELECT listing_id, ARRAY[
                count(*) FILTER (WHERE stars = 1), count(*) FILTER (WHERE stars = 2),
                count(*) FILTER (WHERE stars = 3), count(*) FILTER (WHERE stars = 4),
                count(*) FILTER (WHERE stars = 5)
            ]::integer[] AS counts
            FROM reviews.reviews WHERE withdrawn_at IS NULL AND hidden_at IS NULL
            GROUP BY listing_id
        ) AS counted USING (listing_id)
        WHERE kept.counts IS DISTINCT FROM counted.counts
        ORDER BY 1
        """
    )
