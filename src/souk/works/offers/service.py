"""What sellers do with offers: make, change, withdraw."""

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, NotFound
from souk.works.listings.api import Listings, ManagedListing, NewOffer
from souk.works.offers import store
from souk.works.offers.book import OfferBook
from souk.works.offers.events import OfferChanged
from souk_client.contracts.works import Offer, OfferRequest, OfferUpdate


class OfferService:
    """Offers of a listing, for those who manage it."""

    def __init__(self, book: OfferBook, listings: Listings) -> None:
        self._book = book
        self._listings = listings

    async def add(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, request: OfferRequest
    ) -> Offer:
        """A new offer of an edition that has none.

        Raises:
            NotFound: `listing_unknown`. Forbidden: `not_listing_manager`.
            Invalid: `amount_invalid`, `currency_unknown`, `terms_invalid`, `split_invalid`,
                `organisation_unknown`. Conflict: `edition_taken`.
        """
        listing = await self._listings.managed(uow, actor, listing_id)
        offer = await self._write(uow, listing, request)
        await self._announce(uow, listing, offer.id)
        return offer

    async def change(
        self, uow: UnitOfWork, actor: Actor, offer_id: str, update: OfferUpdate
    ) -> Offer:
        """Puts a new offer in the place of this one, so that what was sold stays as it was sold.

        Raises:
            NotFound: `offer_unknown`. Forbidden: `not_listing_manager`.
            Conflict: `offer_withdrawn`; `offer_sold_out` when nothing is left and no new stock is
                given. Invalid: as `add`.
        """
        row, listing = await self._managed(uow, actor, offer_id)
        before = row.to_request()
        left = None if row.stock is None else row.stock - row.sold
        if left == 0 and update.stock is None:
            raise Conflict("offer_sold_out", "Nothing is left of this offer; give a new stock.")
        request = msgspec.structs.replace(
            before,
            price_minor=before.price_minor if update.price_minor is None else update.price_minor,
            currency=update.currency or before.currency,
            terms=update.terms or before.terms,
            stock=left if update.stock is None else update.stock,
        )
        self._book.check(request)
        await self._end(uow, row)
        offer = await self._write(uow, listing, request)
        await store.note_replacement(uow, row.id, replaced_by=offer.id)
        await self._announce(uow, listing, row.id, replaced_by=offer.id)
        return offer

    async def withdraw(self, uow: UnitOfWork, actor: Actor, offer_id: str) -> None:
        """Ends an offer; a published listing keeps at least one.

        Raises:
            NotFound: `offer_unknown`. Forbidden: `not_listing_manager`.
            Conflict: `offer_withdrawn`, `offer_last`.
        """
        row, listing = await self._managed(uow, actor, offer_id)
        await self._end(uow, row)
        left = await self._book.of_listings(uow, [listing.id])
        if listing.state == "published" and not left.get(listing.id):
            raise Conflict(
                "offer_last",
                "A published listing needs an offer; add another one first, or retire the listing.",
            )
        await self._announce(uow, listing, row.id)

    async def _managed(
        self, uow: UnitOfWork, actor: Actor, offer_id: str
    ) -> tuple[store.OfferRow, ManagedListing]:
        actor.require_user()
        row = await store.find(uow, offer_id)
        if row is None:
            raise NotFound("offer_unknown", "There is no such offer.")
        listing = await self._listings.managed(uow, actor, row.listing_id)
        return row, listing

    async def _end(self, uow: UnitOfWork, row: store.OfferRow) -> None:
        if not await store.withdraw(uow, row.id, replaced_by=None):
            raise Conflict("offer_withdrawn", "This offer is withdrawn already.")

    async def _write(
        self, uow: UnitOfWork, listing: ManagedListing, request: OfferRequest
    ) -> Offer:
        new = NewOffer(
            listing_id=listing.id, organisation_id=listing.organisation_id, request=request
        )
        return (await self._book.add(uow, [new]))[0]

    async def _announce(
        self,
        uow: UnitOfWork,
        listing: ManagedListing,
        offer_id: str,
        *,
        replaced_by: str | None = None,
    ) -> None:
        uow.publish(
            OfferChanged(
                offer_id=offer_id,
                listing_id=listing.id,
                organisation_id=listing.organisation_id,
                replaced_by=replaced_by,
            )
        )
        await self._listings.note_edit(uow, listing, fields=["offers"])
