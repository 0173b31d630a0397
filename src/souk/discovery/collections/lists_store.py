"""The SQL of curated collections and their items."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk_client.contracts.collections import Visibility

_COLUMNS = """
    c.id, c.owner_organisation_id, c.slug, c.title, c.description, c.visibility, c.item_count,
    c.created_at, c.updated_at, c.hidden_at IS NOT NULL AS hidden
"""

_SHOWN = """
    c.visibility = 'public' AND c.item_count > 0 AND c.hidden_at IS NULL AND NOT EXISTS (
        SELECT FROM people.organisations o
        WHERE o.id = c.owner_organisation_id AND o.hidden_at IS NOT NULL
    )
"""
"""What everybody is shown."""


class CollectionRow(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    owner_organisation_id: str
    slug: str
    title: str
    description: str
    visibility: Visibility
    item_count: int
    created_at: datetime
    updated_at: datetime
    hidden: bool = False


class ItemRow(msgspec.Struct, frozen=True, kw_only=True):
    collection_id: str
    listing_id: str
    note: str
    added_at: datetime


async def insert(uow: UnitOfWork, row: CollectionRow, *, created_by: str) -> bool:
    """False when the owner's slug is taken."""
    return bool(
        await uow.execute(
            """
            INSERT INTO collections.collections (id, owner_organisation_id, slug, title,
                description, visibility, created_by, created_at, updated_at)
            VALUES (%(id)s, %(owner)s, %(slug)s, %(title)s, %(description)s, %(visibility)s,
                %(created_by)s, %(now)s, %(now)s)
            ON CONFLICT (owner_organisation_id, slug) DO NOTHING
            """,
            id=row.id,
            owner=row.owner_organisation_id,
            slug=row.slug,
            title=row.title,
            description=row.description,
            visibility=row.visibility,
            created_by=created_by,
            now=uow.now,
        )
    )


async def count_of(uow: UnitOfWork, organisation_id: str) -> int:
    return int(
        await uow.value(
            """
            SELECT count(*) FROM collections.collections WHERE owner_organisation_id = %(id)s
            """,
            id=organisation_id,
        )
    )


async def find(uow: UnitOfWork, collection_id: str, *, lock: bool = False) -> CollectionRow | None:
    """A collection that this scope sees."""
    return await uow.one_or_none(
        CollectionRow,
        f"""
        SELECT {_COLUMNS} FROM collections.collections c WHERE c.id = %(id)s
        {"FOR UPDATE" if lock else ""}
        """,
        id=collection_id,
    )


async def find_at(uow: UnitOfWork, organisation_id: str, slug: str) -> CollectionRow | None:
    return await uow.one_or_none(
        CollectionRow,
        f"""
        SELECT {_COLUMNS} FROM collections.collections c
        WHERE c.owner_organisation_id = %(organisation_id)s AND c.slug = %(slug)s
        """,
        organisation_id=organisation_id,
        slug=slug,
    )


async def update(
    uow: UnitOfWork,
    collection_id: str,
    *,
    title: str | None,
    description: str | None,
    visibility: Visibility | None,
) -> None:
    """Changes what is not None."""
    await uow.execute(
        """
        UPDATE collections.collections SET title = coalesce(%(title)s, title),
            description = coalesce(%(description)s, description),
            visibility = coalesce(%(visibility)s, visibility), updated_at = %(now)s
        WHERE id = %(id)s
        """,
        id=collection_id,
        title=title,
        description=description,
        visibility=visibility,
        now=uow.now,
    )


async def hide(uow: UnitOfWork, collection_id: str, *, reason: str) -> None:
    """Takes it from sight; harmless to repeat (system scope)."""
    await uow.execute(
        """
        UPDATE collections.collections SET hidden_at = %(now)s, hidden_reason = %(reason)s
        WHERE id = %(id)s AND hidden_at IS NULL
        """,
        id=collection_id,
        reason=reason,
        now=uow.now,
    )


async def restore(uow: UnitOfWork, collection_id: str) -> None:
    """Undoes `hide`; harmless to repeat (system scope)."""
    await uow.execute(
        """
        UPDATE collections.collections SET hidden_at = NULL, hidden_reason = NULL
        WHERE id = %(id)s AND hidden_at IS NOT NULL
        """,
        id=collection_id,
    )


async def delete(uow: UnitOfWork, collection_id: str) -> None:
    await uow.execute("DELETE FROM collections.collections WHERE id = %(id)s", id=collection_id)


async def public(
    uow: UnitOfWork, *, before: tuple[str, str] | None, limit: int
) -> list[CollectionRow]:
    """Public ones that hold something, the latest change first."""
    at, collection_id = before or (None, None)
    return await uow.all(
        CollectionRow,
        f"""
        SELECT {_COLUMNS} FROM collections.collections c
        WHERE {_SHOWN} AND (
            %(at)s::timestamptz IS NULL OR (c.updated_at, c.id) < (%(at)s, %(id)s)
        )
        ORDER BY c.updated_at DESC, c.id DESC LIMIT %(limit)s
        """,
        at=at,
        id=collection_id,
        limit=limit,
    )


async def every_public(uow: UnitOfWork, *, every: int) -> list[str]:
    """The ids of the first, the `every + 1`th, … public one, in the order of ids."""
    return await uow.values(
        f"""
        SELECT id FROM (
            SELECT c.id, row_number() OVER (ORDER BY c.id) AS place
            FROM collections.collections c WHERE {_SHOWN}
        ) AS placed
        WHERE (place - 1) %% %(every)s = 0 ORDER BY id
        """,
        every=every,
    )


async def public_from(uow: UnitOfWork, collection_id: str, *, limit: int) -> list[CollectionRow]:
    """Public ones from this id on, in the order of ids."""
    return await uow.all(
        CollectionRow,
        f"""
        SELECT {_COLUMNS} FROM collections.collections c
        WHERE {_SHOWN} AND c.id >= %(first)s ORDER BY c.id LIMIT %(limit)s
        """,
        first=collection_id,
        limit=limit,
    )


async def of_organisation(
    uow: UnitOfWork,
    organisation_id: str,
    *,
    visibilities: Sequence[Visibility],
    before: tuple[str, str] | None,
    limit: int,
) -> list[CollectionRow]:
    """An organisation's, the latest change first."""
    at, collection_id = before or (None, None)
    return await uow.all(
        CollectionRow,
        f"""
        SELECT {_COLUMNS} FROM collections.collections c
        WHERE c.owner_organisation_id = %(organisation_id)s AND c.visibility = ANY(%(seen)s) AND (
            %(at)s::timestamptz IS NULL OR (c.updated_at, c.id) < (%(at)s, %(id)s)
        )
        ORDER BY c.updated_at DESC, c.id DESC LIMIT %(limit)s
        """,
        organisation_id=organisation_id,
        seen=list(visibilities),
        at=at,
        id=collection_id,
        limit=limit,
    )


async def items(uow: UnitOfWork, collection_id: str) -> list[ItemRow]:
    """In their order."""
    return await uow.all(
        ItemRow,
        """
        SELECT collection_id, listing_id, note, added_at FROM collections.items
        WHERE collection_id = %(id)s ORDER BY position
        """,
        id=collection_id,
    )


async def first_items(
    uow: UnitOfWork, collection_ids: Collection[str], *, each: int
) -> list[ItemRow]:
    """The first few items of each collection, in their order."""
    return await uow.all(
        ItemRow,
        """
        SELECT i.collection_id, i.listing_id, i.note, i.added_at
        FROM unnest(%(ids)s::text[]) AS c(id) CROSS JOIN LATERAL (
            SELECT * FROM collections.items i WHERE i.collection_id = c.id
            ORDER BY i.position LIMIT %(each)s
        ) AS i
        ORDER BY i.collection_id, i.position
        """,
        ids=list(collection_ids),
        each=each,
    )


async def put_item(uow: UnitOfWork, row: CollectionRow, listing_id: str, *, note: str) -> None:
    """Adds at the end; an item that is there gets the note."""
    await uow.execute(
        """
        INSERT INTO collections.items AS i
            (collection_id, owner_organisation_id, listing_id, position, note, added_at)
        SELECT %(id)s, %(owner)s, %(listing_id)s, coalesce(max(o.position), 0) + 1, %(note)s,
            %(now)s
        FROM collections.items o WHERE o.collection_id = %(id)s
        ON CONFLICT (collection_id, listing_id) DO UPDATE SET note = excluded.note
        """,
        id=row.id,
        owner=row.owner_organisation_id,
        listing_id=listing_id,
        note=note,
        now=uow.now,
    )


async def remove_item(uow: UnitOfWork, collection_id: str, listing_id: str) -> None:
    await uow.execute(
        """
        DELETE FROM collections.items
        WHERE collection_id = %(id)s AND listing_id = %(listing_id)s
        """,
        id=collection_id,
        listing_id=listing_id,
    )


async def place_items(uow: UnitOfWork, collection_id: str, listing_ids: Sequence[str]) -> None:
    """Positions from 1 on, in this order."""
    await uow.execute(
        """
        UPDATE collections.items i SET position = o.position
        FROM unnest(%(ids)s::text[]) WITH ORDINALITY AS o(listing_id, position)
        WHERE i.collection_id = %(id)s AND i.listing_id = o.listing_id
        """,
        id=collection_id,
        ids=list(listing_ids),
    )


async def touch(uow: UnitOfWork, collection_id: str) -> None:
    """Counts the items anew and notes the change."""
    await uow.execute(
        """
        UPDATE collections.collections SET updated_at = %(now)s, item_count = (
            SELECT count(*) FROM collections.items WHERE collection_id = %(id)s
        ) WHERE id = %(id)s
        """,
        id=collection_id,
        now=uow.now,
    )
