"""The SQL of reviews: the reviews themselves."""

from collections.abc import Collection
from datetime import datetime, timedelta

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk_client.contracts.reviews import LicenceStanding, ReviewForm, ReviewSort

_PUBLIC = "r.withdrawn_at IS NULL AND r.hidden_at IS NULL"
_COLUMNS = """
    r.id, r.listing_id, r.seller_id, r.version_id, r.version, r.organisation_id, r.user_id, r.stars,
    r.text, r.helpful, r.edits, r.licence_standing, r.created_at, r.edited_at, r.hidden_at,
    r.hidden_reason, p.text AS reply_text, p.created_at AS reply_created_at,
    p.edited_at AS reply_edited_at,
    EXISTS (
        SELECT 1 FROM reviews.votes v WHERE v.review_id = r.id AND v.user_id = %(user_id)s
    ) AS voted
"""
_FROM = "FROM reviews.reviews r LEFT JOIN reviews.replies p ON p.review_id = r.id"
_ORDER = {
    "helpful": ("(r.helpful, r.id) < (%(rank)s, %(after)s)", "r.helpful DESC, r.id DESC"),
    "newest": ("r.id < %(after)s", "r.id DESC"),
    "lowest": (
        "(r.stars > %(rank)s OR (r.stars = %(rank)s AND r.id < %(after)s))",
        "r.stars, r.id DESC",
    ),
    "highest": ("(r.stars, r.id) < (%(rank)s, %(after)s)", "r.stars DESC, r.id DESC"),
}


class ReviewRow(msgspec.Struct, frozen=True, kw_only=True):
    """A review as it is stored, with its reply, and whether the asking user voted for it."""

    id: str
    listing_id: str
    seller_id: str
    version_id: str
    version: str
    organisation_id: str
    user_id: str
    stars: int
    text: str
    helpful: int
    edits: int
    licence_standing: LicenceStanding
    created_at: datetime
    edited_at: datetime | None
    hidden_at: datetime | None
    hidden_reason: str | None
    reply_text: str | None
    reply_created_at: datetime | None
    reply_edited_at: datetime | None
    voted: bool


class NewReview(msgspec.Struct, frozen=True, kw_only=True):
    """A review to be written."""

    id: str
    listing_id: str
    seller_id: str
    version_id: str
    version: str
    organisation_id: str
    user_id: str
    licence_id: str
    stars: int
    text: str


class Counts(msgspec.Struct, frozen=True):
    """How many gave 1 to 5 stars."""

    listing_id: str
    counts: list[int]


async def add(uow: UnitOfWork, new: NewReview) -> bool:
    """Writes a review; False when its buyer or its author has one of this version."""
    values = msgspec.structs.asdict(new)
    added = await uow.execute(
        f"""
        INSERT INTO reviews.reviews ({", ".join(values)}, created_at)
        VALUES ({", ".join(f"%({name})s" for name in values)}, %(now)s)
        ON CONFLICT DO NOTHING
        """,
        now=uow.now,
        **values,
    )
    return added == 1


async def written_since(uow: UnitOfWork, user_id: str, *, span: timedelta) -> list[datetime]:
    """When this user wrote reviews within the span, the oldest first."""
    return await uow.values(
        """
        SELECT created_at FROM reviews.reviews
        WHERE user_id = %(user_id)s AND created_at > %(since)s ORDER BY created_at
        """,
        user_id=user_id,
        since=uow.now - span,
    )


async def find(
    uow: UnitOfWork, review_id: str, *, user_id: str | None, lock: bool = False
) -> ReviewRow | None:
    """A review of this scope that is not withdrawn; hidden ones too."""
    return await uow.one_or_none(
        ReviewRow,
        f"""
        SELECT {_COLUMNS} {_FROM} WHERE r.id = %(id)s AND r.withdrawn_at IS NULL
        {"FOR NO KEY UPDATE OF r" if lock else ""}
        """,
        id=review_id,
        user_id=user_id,
    )


async def page(
    uow: UnitOfWork,
    listing_id: str,
    *,
    user_id: str | None,
    sort: ReviewSort,
    stars: int | None,
    version: str | None,
    after: tuple[int, str] | None,
    limit: int,
) -> list[ReviewRow]:
    """The public reviews of a listing in this order, past `after`."""
    past, order = _ORDER[sort]
    clauses = ["r.listing_id = %(listing_id)s", _PUBLIC]
    if stars is not None:
        clauses.append("r.stars = %(stars)s")
    if version is not None:
        clauses.append("r.version = %(version)s")
    if after is not None:
        clauses.append(past)
    return await uow.all(
        ReviewRow,
        f"""
        SELECT {_COLUMNS} {_FROM} WHERE {" AND ".join(clauses)} ORDER BY {order} LIMIT %(limit)s
        """,
        listing_id=listing_id,
        user_id=user_id,
        stars=stars,
        version=version,
        rank=after[0] if after else None,
        after=after[1] if after else None,
        limit=limit,
    )


async def of_author(uow: UnitOfWork, user_id: str, listing_id: str) -> list[ReviewRow]:
    """What a user wrote about a listing, newest first; hidden ones too."""
    return await uow.all(
        ReviewRow,
        f"""
        SELECT {_COLUMNS} {_FROM}
        WHERE r.user_id = %(user_id)s AND r.listing_id = %(listing_id)s AND r.withdrawn_at IS NULL
        ORDER BY r.id DESC LIMIT 100
        """,
        user_id=user_id,
        listing_id=listing_id,
    )


async def reviewed(
    uow: UnitOfWork, listing_id: str, version_id: str, *, user_id: str, organisation_ids: list[str]
) -> bool:
    """Whether this user, or each of these organisations, has a review of the version."""
    found: bool = await uow.value(
        """
        SELECT bool_or(user_id = %(user_id)s)
            OR count(DISTINCT organisation_id) >= cardinality(%(organisations)s::text[])
        FROM reviews.reviews
        WHERE listing_id = %(listing_id)s AND version_id = %(version_id)s
          AND withdrawn_at IS NULL
          AND (user_id = %(user_id)s OR organisation_id = ANY(%(organisations)s))
        """,
        listing_id=listing_id,
        version_id=version_id,
        user_id=user_id,
        organisations=organisation_ids,
    )
    return bool(found)


async def edit(uow: UnitOfWork, review_id: str, *, stars: int, text: str) -> None:
    """Changes a review; the database keeps the form before."""
    await uow.execute(
        """
        UPDATE reviews.reviews SET stars = %(stars)s, text = %(text)s, edited_at = %(now)s
        WHERE id = %(id)s
        """,
        id=review_id,
        stars=stars,
        text=text,
        now=uow.now,
    )


async def withdraw(uow: UnitOfWork, review_id: str) -> None:
    """Takes a review from sight for good."""
    await uow.execute(
        "UPDATE reviews.reviews SET withdrawn_at = %(now)s WHERE id = %(id)s",
        id=review_id,
        now=uow.now,
    )


async def forms(uow: UnitOfWork, review_id: str) -> list[ReviewForm]:
    """The forms before each edit, the oldest first."""
    return await uow.all(
        ReviewForm,
        """
        SELECT number, stars, text, replaced_at FROM reviews.forms
        WHERE review_id = %(id)s ORDER BY number
        """,
        id=review_id,
    )


async def ratings(uow: UnitOfWork, listing_ids: Collection[str]) -> list[Counts]:
    """The counts of listings; those without a review are left out."""
    return await uow.all(
        Counts,
        "SELECT listing_id, counts FROM reviews.ratings WHERE listing_id = ANY(%(ids)s)",
        ids=list(listing_ids),
    )


async def counts_of_seller(uow: UnitOfWork, organisation_id: str) -> list[int]:
    """How many public reviews of a seller's works gave 1, 2, 3, 4 and 5 stars."""
    counts = await uow.value(
        f"""
        SELECT ARRAY[
            count(*) FILTER (WHERE stars = 1), count(*) FILTER (WHERE stars = 2),
            count(*) FILTER (WHERE stars = 3), count(*) FILTER (WHERE stars = 4),
            count(*) FILTER (WHERE stars = 5)
        ] FROM reviews.reviews r WHERE seller_id = %(id)s AND {_PUBLIC}
        """,
        id=organisation_id,
    )
    return [int(count) for count in counts]


async def versions(uow: UnitOfWork, listing_id: str) -> list[str]:
    """The versions that somebody reviewed, the newest first."""
    return await uow.values(
        f"""
        SELECT version FROM reviews.reviews r WHERE listing_id = %(id)s AND {_PUBLIC}
        GROUP BY version, version_id ORDER BY version_id DESC LIMIT 50
        """,
        id=listing_id,
    )
