"""The SQL of offers."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec

from souk.infra.postgres.uow import UnitOfWork, json_value
from souk_client.contracts.works import LicenceTerms, Offer, OfferRequest, SplitShare

_COLUMNS = """
    o.id, o.listing_id, o.organisation_id, o.edition, o.price_minor, o.currency, o.terms, o.split,
    o.shares, o.creator_organisation_id, o.stock, o.sold, o.state, o.created_at
"""


class OfferRow(msgspec.Struct, frozen=True, kw_only=True):
    """An offer as it is stored."""

    id: str
    listing_id: str
    organisation_id: str
    edition: str
    price_minor: int
    currency: str
    terms: dict[str, Any]  # JSON as it is stored
    split: Any  # the database admits only the contract's words
    shares: list[Any]  # JSON as it is stored
    creator_organisation_id: str | None
    stock: int | None
    sold: int
    state: Any  # as `split`
    created_at: datetime

    def to_offer(self) -> Offer:
        """As the api gives it."""
        return Offer(
            id=self.id,
            edition=self.edition,
            price_minor=self.price_minor,
            currency=self.currency,
            terms=msgspec.convert(self.terms, LicenceTerms),
            split=self.split,
            shares=msgspec.convert(self.shares, list[SplitShare]),
            creator_organisation_id=self.creator_organisation_id,
            stock=self.stock,
            sold=self.sold,
            state=self.state,
        )

    def to_request(self) -> OfferRequest:
        """What was asked for when it was made."""
        offer = self.to_offer()
        return OfferRequest(
            edition=offer.edition,
            price_minor=offer.price_minor,
            currency=offer.currency,
            terms=offer.terms,
            split=offer.split,
            shares=offer.shares if offer.split == "custom" else [],
            creator_organisation_id=offer.creator_organisation_id,
            stock=offer.stock,
        )


class NewRow(msgspec.Struct, frozen=True, kw_only=True):
    """An offer to be written."""

    id: str
    listing_id: str
    organisation_id: str
    request: OfferRequest
    currency: str
    shares: list[SplitShare]


async def add(uow: UnitOfWork, rows: Sequence[NewRow]) -> list[OfferRow]:
    """Writes offers; those whose edition is taken are left out."""
    return await uow.all(
        OfferRow,
        f"""
        INSERT INTO works.offers AS o (id, listing_id, organisation_id, edition, price_minor,
            currency, terms, split, shares, creator_organisation_id, stock, created_at)
        SELECT n.*, %(now)s
        FROM unnest(%(ids)s::text[], %(listing_ids)s::text[], %(organisation_ids)s::text[],
            %(editions)s::text[], %(prices)s::bigint[], %(currencies)s::text[],
            %(terms)s::jsonb[], %(splits)s::text[], %(shares)s::jsonb[], %(creators)s::text[],
            %(stocks)s::integer[])
            AS n(id, listing_id, organisation_id, edition, price_minor, currency, terms, split,
                shares, creator_organisation_id, stock)
        ON CONFLICT (listing_id, edition) WHERE state = 'active' DO NOTHING
        RETURNING {_COLUMNS}
        """,
        now=uow.now,
        ids=[row.id for row in rows],
        listing_ids=[row.listing_id for row in rows],
        organisation_ids=[row.organisation_id for row in rows],
        editions=[row.request.edition for row in rows],
        prices=[row.request.price_minor for row in rows],
        currencies=[row.currency for row in rows],
        terms=[json_value(msgspec.to_builtins(row.request.terms)) for row in rows],
        splits=[row.request.split for row in rows],
        shares=[json_value(msgspec.to_builtins(row.shares)) for row in rows],
        creators=[row.request.creator_organisation_id for row in rows],
        stocks=[row.request.stock for row in rows],
    )


async def find(uow: UnitOfWork, offer_id: str) -> OfferRow | None:
    """An offer of this scope, in any state."""
    return await uow.one_or_none(
        OfferRow, f"SELECT {_COLUMNS} FROM works.offers o WHERE o.id = %(id)s", id=offer_id
    )


async def active_of(uow: UnitOfWork, listing_ids: Collection[str]) -> list[OfferRow]:
    """The active offers of listings, the cheapest first; unlimited ones with their sales."""
    return await uow.all(
        OfferRow,
        f"""
        SELECT {_COLUMNS} FROM works.offers o
        WHERE o.listing_id = ANY(%(ids)s) AND o.state = 'active'
        ORDER BY o.price_minor, o.id
        """,
        ids=list(listing_ids),
    )


async def withdraw(uow: UnitOfWork, offer_id: str, *, replaced_by: str | None) -> bool:
    """Ends an active offer; False when it was none."""
    changed = await uow.execute(
        """
        UPDATE works.offers
        SET state = 'withdrawn', withdrawn_at = %(now)s, replaced_by = %(replaced_by)s
        WHERE id = %(id)s AND state = 'active'
        """,
        id=offer_id,
        replaced_by=replaced_by,
        now=uow.now,
    )
    return changed == 1


async def note_replacement(uow: UnitOfWork, offer_id: str, *, replaced_by: str) -> None:
    """Notes which offer took the place of a withdrawn one."""
    await uow.execute(
        "UPDATE works.offers SET replaced_by = %(replaced_by)s WHERE id = %(id)s",
        id=offer_id,
        replaced_by=replaced_by,
    )


async def change_stock(uow: UnitOfWork, offer_id: str, change: int) -> str | None:
    """Takes from a stock, or gives back: `taken`, `sold_out`, `withdrawn`; None: no such offer."""
    found: str | None = await uow.value(
        "SELECT works.take_stock(%(id)s, %(change)s)", id=offer_id, change=change
    )
    return found
