"""Every published work and every seller in SQL, a page at a time."""

from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.works.listings.model import ListingRow
from souk.works.listings.store import LISTING_COLUMNS


class AddressRow(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a listing's address."""

    organisation_id: str
    slug: str
    updated_at: datetime


class SellerRow(msgspec.Struct, frozen=True, kw_only=True):
    """Who sells something, and when that last changed."""

    organisation_id: str
    updated_at: datetime


async def published_after(uow: UnitOfWork, listing_id: str, *, limit: int) -> list[ListingRow]:
    """Published listings in the order of their ids."""
    return await uow.all(
        ListingRow,
        f"""
        SELECT {LISTING_COLUMNS} FROM works.listings l
        WHERE l.state = 'published' AND l.id > %(after)s ORDER BY l.id LIMIT %(limit)s
        """,
        after=listing_id,
        limit=limit,
    )


async def every_published(uow: UnitOfWork, *, every: int) -> list[str]:
    """The ids of the first, the `every + 1`th, … published listing, in the order of ids."""
    return await uow.values(
        """
        SELECT id FROM (
            SELECT l.id, row_number() OVER (ORDER BY l.id) AS place
            FROM works.listings l WHERE l.state = 'published' AND l.hidden_at IS NULL
        ) AS placed
        WHERE (place - 1) %% %(every)s = 0 ORDER BY id
        """,
        every=every,
    )


async def addresses_from(uow: UnitOfWork, listing_id: str, *, limit: int) -> list[AddressRow]:
    """Published listings from this id on, in the order of ids."""
    return await uow.all(
        AddressRow,
        """
        SELECT l.organisation_id, l.slug, l.updated_at FROM works.listings l
        WHERE l.state = 'published' AND l.hidden_at IS NULL AND l.id >= %(first)s
        ORDER BY l.id LIMIT %(limit)s
        """,
        first=listing_id,
        limit=limit,
    )


async def every_seller(uow: UnitOfWork, *, every: int) -> list[str]:
    """The ids of the first, the `every + 1`th, … organisation that sells something."""
    return await uow.values(
        """
        SELECT id FROM (
            SELECT s.organisation_id AS id, row_number() OVER (ORDER BY s.organisation_id) AS place
            FROM (
                SELECT DISTINCT organisation_id FROM works.listings
                WHERE state = 'published' AND hidden_at IS NULL
            ) AS s
        ) AS placed
        WHERE (place - 1) %% %(every)s = 0 ORDER BY id
        """,
        every=every,
    )


async def sellers_from(uow: UnitOfWork, organisation_id: str, *, limit: int) -> list[SellerRow]:
    """Organisations that sell something from this id on, with their latest change."""
    return await uow.all(
        SellerRow,
        """
        SELECT organisation_id, max(updated_at) AS updated_at FROM works.listings
        WHERE state = 'published' AND hidden_at IS NULL AND organisation_id >= %(first)s
        GROUP BY organisation_id ORDER BY organisation_id LIMIT %(limit)s
        """,
        first=organisation_id,
        limit=limit,
    )
