"""The SQL of favourites, follows and featured works."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork


class Picked(msgspec.Struct, frozen=True, kw_only=True):
    """A favourite listing, or a followed seller."""

    id: str
    since: datetime


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    count: int


class FeaturedRow(msgspec.Struct, frozen=True, kw_only=True):
    listing_id: str
    position: int
    starts_at: datetime
    ends_at: datetime | None
    note: str


async def add_favourite(uow: UnitOfWork, user_id: str, listing_id: str) -> bool:
    """False when it was one already."""
    return bool(
        await uow.execute(
            """
            INSERT INTO collections.favourites (user_id, listing_id, since)
            VALUES (%(user_id)s, %(listing_id)s, %(now)s) ON CONFLICT DO NOTHING
            """,
            user_id=user_id,
            listing_id=listing_id,
            now=uow.now,
        )
    )


async def remove_favourite(uow: UnitOfWork, user_id: str, listing_id: str) -> bool:
    """False when it was none."""
    return bool(
        await uow.execute(
            """
            DELETE FROM collections.favourites
            WHERE user_id = %(user_id)s AND listing_id = %(id)s
            """,
            user_id=user_id,
            id=listing_id,
        )
    )


async def favourites(
    uow: UnitOfWork, user_id: str, *, before: tuple[str, str] | None, limit: int
) -> list[Picked]:
    """The latest first, those before a time and listing."""
    since, listing_id = before or (None, None)
    return await uow.all(
        Picked,
        """
        SELECT listing_id AS id, since FROM collections.favourites
        WHERE user_id = %(user_id)s AND (
            %(since)s::timestamptz IS NULL OR (since, listing_id) < (%(since)s, %(listing_id)s)
        )
        ORDER BY since DESC, listing_id DESC LIMIT %(limit)s
        """,
        user_id=user_id,
        since=since,
        listing_id=listing_id,
        limit=limit,
    )


async def count_own_favourites(uow: UnitOfWork, user_id: str) -> int:
    return int(
        await uow.value(
            "SELECT count(*) FROM collections.favourites WHERE user_id = %(user_id)s",
            user_id=user_id,
        )
    )


async def favourite_counts(uow: UnitOfWork, listing_ids: Collection[str]) -> list[Counted]:
    return await uow.all(
        Counted,
        """
        SELECT listing_id AS id, favourites AS count FROM collections.favourite_counts
        WHERE listing_id = ANY(%(ids)s) AND favourites > 0
        """,
        ids=list(listing_ids),
    )


async def add_follow(uow: UnitOfWork, user_id: str, organisation_id: str) -> bool:
    """False when there was one already."""
    return bool(
        await uow.execute(
            """
            INSERT INTO collections.follows (user_id, organisation_id, since)
            VALUES (%(user_id)s, %(organisation_id)s, %(now)s) ON CONFLICT DO NOTHING
            """,
            user_id=user_id,
            organisation_id=organisation_id,
            now=uow.now,
        )
    )


async def remove_follow(uow: UnitOfWork, user_id: str, organisation_id: str) -> bool:
    """False when there was none."""
    return bool(
        await uow.execute(
            """
            DELETE FROM collections.follows
            WHERE user_id = %(user_id)s AND organisation_id = %(organisation_id)s
            """,
            user_id=user_id,
            organisation_id=organisation_id,
        )
    )


async def is_following(uow: UnitOfWork, user_id: str, organisation_id: str) -> bool:
    return bool(
        await uow.value(
            """
            SELECT true FROM collections.follows
            WHERE user_id = %(user_id)s AND organisation_id = %(organisation_id)s
            """,
            user_id=user_id,
            organisation_id=organisation_id,
        )
    )


async def follows(
    uow: UnitOfWork, user_id: str, *, before: tuple[str, str] | None, limit: int
) -> list[Picked]:
    """The latest first, those before a time and seller."""
    since, organisation_id = before or (None, None)
    return await uow.all(
        Picked,
        """
        SELECT organisation_id AS id, since FROM collections.follows
        WHERE user_id = %(user_id)s AND (
            %(since)s::timestamptz IS NULL
            OR (since, organisation_id) < (%(since)s, %(organisation_id)s)
        )
        ORDER BY since DESC, organisation_id DESC LIMIT %(limit)s
        """,
        user_id=user_id,
        since=since,
        organisation_id=organisation_id,
        limit=limit,
    )


async def count_own_follows(uow: UnitOfWork, user_id: str) -> int:
    return int(
        await uow.value(
            "SELECT count(*) FROM collections.follows WHERE user_id = %(user_id)s", user_id=user_id
        )
    )


async def follower_count(uow: UnitOfWork, organisation_id: str) -> int:
    return int(
        await uow.value(
            "SELECT followers FROM collections.follower_counts WHERE organisation_id = %(id)s",
            id=organisation_id,
        )
        or 0
    )


async def followers_after(
    uow: UnitOfWork, organisation_id: str, *, after: str, before: datetime, limit: int
) -> list[str]:
    """Who followed by a moment, in the order of ids past one (system scope)."""
    return await uow.values(
        """
        SELECT user_id FROM collections.follows
        WHERE organisation_id = %(id)s AND user_id > %(after)s AND since <= %(before)s
        ORDER BY user_id LIMIT %(limit)s
        """,
        id=organisation_id,
        after=after,
        before=before,
        limit=limit,
    )


_FEATURED = "listing_id, position, starts_at, ends_at, note"


async def featured_now(uow: UnitOfWork, *, limit: int) -> list[FeaturedRow]:
    """What is shown at this moment, by position."""
    return await uow.all(
        FeaturedRow,
        f"""
        SELECT {_FEATURED} FROM collections.featured
        WHERE starts_at <= %(now)s AND (ends_at IS NULL OR ends_at > %(now)s)
        ORDER BY position, listing_id LIMIT %(limit)s
        """,
        now=uow.now,
        limit=limit,
    )


async def featured_always(uow: UnitOfWork, *, limit: int) -> list[FeaturedRow]:
    """All, by position: also what is to come and what is over (system scope)."""
    return await uow.all(
        FeaturedRow,
        f"""
        SELECT {_FEATURED} FROM collections.featured
        ORDER BY position, listing_id LIMIT %(limit)s
        """,
        limit=limit,
    )


async def put_featured(uow: UnitOfWork, row: FeaturedRow, *, added_by: str) -> None:
    """Writes or replaces."""
    await uow.execute(
        """
        INSERT INTO collections.featured
            (listing_id, position, starts_at, ends_at, note, added_by, added_at)
        VALUES (%(listing_id)s, %(position)s, %(starts_at)s, %(ends_at)s, %(note)s, %(added_by)s,
            %(now)s)
        ON CONFLICT (listing_id) DO UPDATE SET position = excluded.position,
            starts_at = excluded.starts_at, ends_at = excluded.ends_at, note = excluded.note
        """,
        listing_id=row.listing_id,
        position=row.position,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        note=row.note,
        added_by=added_by,
        now=uow.now,
    )


async def remove_featured(uow: UnitOfWork, listing_id: str) -> bool:
    """False when it was none."""
    return bool(
        await uow.execute(
            "DELETE FROM collections.featured WHERE listing_id = %(id)s", id=listing_id
        )
    )


async def place_featured(uow: UnitOfWork, listing_ids: Sequence[str]) -> None:
    """Positions from 1 on, in this order."""
    await uow.execute(
        """
        UPDATE collections.featured f SET position = o.position
        FROM unnest(%(ids)s::text[]) WITH ORDINALITY AS o(listing_id, position)
        WHERE f.listing_id = o.listing_id
        """,
        ids=list(listing_ids),
    )
