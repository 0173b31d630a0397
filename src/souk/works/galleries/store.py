"""The SQL of galleries."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork, json_value
from souk.works.galleries.model import ServedVariant, Variant


class ImageRow(msgspec.Struct, frozen=True, kw_only=True):
    """A picture as it is stored."""

    id: str
    listing_id: str
    alt: str
    place: int
    source_sha256: str
    variants: list[list[int | str]]
    created_at: datetime

    def widths(self) -> list[Variant]:
        """What it is kept in, smallest first."""
        return [msgspec.convert(one, Variant) for one in self.variants]


async def of_listings(uow: UnitOfWork, listing_ids: Collection[str]) -> list[ImageRow]:
    """The pictures of these listings that this scope sees, in their order."""
    return await uow.all(
        ImageRow,
        """
        SELECT id, listing_id, alt, place, source_sha256, variants, created_at
        FROM galleries.images WHERE listing_id = ANY(%(listing_ids)s) ORDER BY listing_id, place
        """,
        listing_ids=list(listing_ids),
    )


async def covers(uow: UnitOfWork, listing_ids: Collection[str]) -> list[ImageRow]:
    """The first picture of each of these listings that this scope sees."""
    return await uow.all(
        ImageRow,
        """
        SELECT id, listing_id, alt, place, source_sha256, variants, created_at
        FROM galleries.images WHERE listing_id = ANY(%(listing_ids)s) AND place = 0
        """,
        listing_ids=list(listing_ids),
    )


async def add(
    uow: UnitOfWork,
    *,
    image_id: str,
    listing_id: str,
    organisation_id: str,
    user_id: str,
    alt: str,
    place: int,
    source_sha256: str,
    variants: Sequence[Variant],
) -> bool:
    """Puts a picture at its place; False when the gallery holds this file already."""
    return bool(
        await uow.execute(
            """
            INSERT INTO galleries.images (id, listing_id, owner_organisation_id, alt, place,
                source_sha256, variants, created_by, created_at)
            VALUES (%(id)s, %(listing_id)s, %(organisation_id)s, %(alt)s, %(place)s, %(source)s,
                %(variants)s, %(user_id)s, %(now)s)
            ON CONFLICT ON CONSTRAINT images_once DO NOTHING
            """,
            id=image_id,
            listing_id=listing_id,
            organisation_id=organisation_id,
            alt=alt,
            place=place,
            source=source_sha256,
            variants=json_value([msgspec.to_builtins(one) for one in variants]),
            user_id=user_id,
            now=uow.now,
        )
    )


async def set_alt(uow: UnitOfWork, image_id: str, *, listing_id: str, alt: str) -> bool:
    """Other words for a picture; False when there is none."""
    return bool(
        await uow.execute(
            "UPDATE galleries.images SET alt = %(alt)s "
            "WHERE id = %(id)s AND listing_id = %(listing_id)s",
            id=image_id,
            listing_id=listing_id,
            alt=alt,
        )
    )


async def set_order(uow: UnitOfWork, image_ids: Sequence[str]) -> None:
    """Places pictures in this order."""
    await uow.execute(
        """
        UPDATE galleries.images i SET place = n.place - 1
        FROM unnest(%(ids)s::text[]) WITH ORDINALITY AS n(id, place) WHERE i.id = n.id
        """,
        ids=list(image_ids),
    )


async def remove(uow: UnitOfWork, image_id: str, *, listing_id: str) -> bool:
    """Takes a picture out; False when there is none."""
    return bool(
        await uow.execute(
            "DELETE FROM galleries.images WHERE id = %(id)s AND listing_id = %(listing_id)s",
            id=image_id,
            listing_id=listing_id,
        )
    )


async def served(uow: UnitOfWork, image_id: str, *, width: int) -> ServedVariant | None:
    """What is sent for this width, when this scope may see it."""
    return await uow.one_or_none(
        ServedVariant,
        """
        SELECT v.one ->> 3 AS sha256, (v.one ->> 2)::bigint AS size_bytes,
            l.published_at IS NOT NULL AND l.hidden_at IS NULL AS is_public
        FROM galleries.images i JOIN works.listings l ON l.id = i.listing_id,
            jsonb_array_elements(i.variants) AS v(one)
        WHERE i.id = %(id)s AND (v.one ->> 0)::bigint = %(width)s
        """,
        id=image_id,
        width=width,
    )
