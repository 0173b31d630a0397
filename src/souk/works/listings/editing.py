"""Making, editing and retiring listings."""

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, Invalid
from souk.kernel.ids import new_id
from souk.works.listings import repository_store, store
from souk.works.listings.api import NewOffer, OfferBook
from souk.works.listings.errors import ListingsFull, NotManager, SlugTaken
from souk.works.listings.events import ListingCreated, ListingEdited, ListingRetired
from souk.works.listings.model import (
    ListingRow,
    Words,
    changed_words,
    pushed_words,
    words_of_request,
)
from souk.works.listings.service import ListingService
from souk.works.listings.settings import ListingSettings
from souk_client.contracts.works import Listing, ListingRequest, ListingUpdate, OfferRequest


class ListingEditor:
    """What sellers do with their listings, up to publishing."""

    def __init__(
        self, listings: ListingService, *, offers: OfferBook, settings: ListingSettings
    ) -> None:
        self._listings = listings
        self._offers = offers
        self._settings = settings

    async def create(self, uow: UnitOfWork, actor: Actor, request: ListingRequest) -> Listing:
        """A new draft with its offers.

        Raises:
            Invalid: `card_invalid`, `licence_invalid`, `text_invalid`, and those of offers.
            Conflict: `slug_taken`, `edition_taken`. Forbidden: `not_listing_manager`.
        """
        organisation_id = seller_of(actor, request.organisation_id)
        await self._check_room(uow, organisation_id)
        new = store.NewListing(
            id=new_id("lst", uow.now),
            organisation_id=organisation_id,
            slug=request.slug,
            kind=request.kind,
            words=words_of_request(request),
            created_by=actor.user_id,
        )
        if not await store.add(uow, [new]):
            raise SlugTaken(request.slug)
        await self._offers.add(uow, new_offers(new, request))
        listing = await self._listings.get(uow, new.id)
        uow.publish(
            ListingCreated(
                listing_id=new.id,
                organisation_id=organisation_id,
                address=listing.address,
                title=listing.title,
                kind=listing.kind,
                user_id=actor.user_id,
            )
        )
        return listing

    async def edit(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, update: ListingUpdate
    ) -> Listing:
        """Changes the words of a listing; a published one is changed for everybody at once.

        Raises:
            NotFound: `listing_unknown`. Forbidden: `not_listing_manager`.
            Invalid: `card_invalid`, `licence_invalid`, `text_invalid`.
        """
        row = await self._listings.managed_row(uow, actor, listing_id)
        await self._change(uow, actor, row, changed_words(row.words, update))
        return await self._listings.get(uow, row.id)

    async def push_card(self, uow: UnitOfWork, actor: Actor, listing_id: str, card: str) -> None:
        """Takes over a card that came with files: what its front matter says anew counts.

        Raises:
            NotFound: `listing_unknown`. Forbidden: `not_listing_manager`.
            Invalid: `card_invalid`, `text_invalid`, `metric_invalid`.
        """
        row = await self._listings.managed_row(uow, actor, listing_id)
        await self._change(uow, actor, row, pushed_words(row.words, card))

    async def discard(self, uow: UnitOfWork, actor: Actor, listing_id: str) -> None:
        """Removes a draft that was never public, for good.

        Raises:
            NotFound: `listing_unknown`. Forbidden: `not_listing_manager`.
            Conflict: `listing_kept` when it was public, or something else refers to it.
        """
        row = await self._listings.managed_row(uow, actor, listing_id)
        if not await repository_store.discard_draft(uow, row.id):
            raise Conflict(
                "listing_kept",
                "Only a draft that was never public can be removed; retire this listing instead.",
            )

    async def _change(self, uow: UnitOfWork, actor: Actor, row: ListingRow, after: Words) -> None:
        before = row.words
        names = before.__struct_fields__
        changed = [name for name in names if getattr(before, name) != getattr(after, name)]
        if changed:
            await store.change_words(uow, row.id, after)
            uow.publish(
                ListingEdited(
                    listing_id=row.id,
                    organisation_id=row.organisation_id,
                    address=await self._listings.address_of(uow, row),
                    title=after.title,
                    kind=row.kind,
                    user_id=actor.user_id,
                    fields=changed,
                    published=row.state == "published",
                )
            )

    async def retire(self, uow: UnitOfWork, actor: Actor, listing_id: str) -> Listing:
        """Takes a listing off the market; who owns a licence keeps it. Harmless to repeat.

        Moderators may retire anybody's.

        Raises:
            NotFound: `listing_unknown`. Forbidden: `not_listing_manager`.
            Conflict: `listing_not_published` for a draft.
        """
        row = await self._listings.managed_row(
            uow, actor, listing_id, or_may="marketplace:moderate"
        )
        if row.state == "draft":
            raise Conflict("listing_not_published", "A draft cannot be retired; nobody sees it.")
        if row.state == "published":
            await store.retire(uow, row.id)
            uow.publish(
                ListingRetired(
                    listing_id=row.id,
                    organisation_id=row.organisation_id,
                    address=await self._listings.address_of(uow, row),
                    title=row.title,
                    kind=row.kind,
                    user_id=actor.user_id,
                )
            )
        return await self._listings.get(uow, row.id)

    async def _check_room(self, uow: UnitOfWork, organisation_id: str) -> None:
        limit = self._settings.max_per_organisation
        if await store.count_of_organisation(uow, organisation_id) >= limit:
            raise ListingsFull(limit)


def seller_of(actor: Actor, organisation_id: str | None) -> str:
    """The organisation the caller sells for.

    Raises:
        Unauthenticated: `sign_in_needed`. NotFound: `organisation_unknown`.
        Forbidden: `permission_missing`, `not_listing_manager`.
    """
    chosen = actor.acting_for(organisation_id)
    actor.require("marketplace:create_resource")
    if not actor.manages(chosen):
        raise NotManager()
    return chosen


def new_offers(new: store.NewListing, request: ListingRequest) -> list[NewOffer]:
    """The offers of a new listing, the short form with a bare price included.

    Raises:
        Invalid: `offers_invalid` when both forms are used, or an edition is there twice.
    """
    offers = list(request.offers)
    if request.price_minor is not None:
        if offers:
            raise Invalid(
                "offers_invalid", "Give either price_minor or offers, not both: they might differ."
            )
        offers = [OfferRequest(price_minor=request.price_minor, currency=request.currency)]
    editions = [offer.edition for offer in offers]
    if len(set(editions)) != len(editions):
        raise Invalid("offers_invalid", "Each edition may have one offer only.")
    return [
        NewOffer(listing_id=new.id, organisation_id=new.organisation_id, request=offer)
        for offer in offers
    ]
