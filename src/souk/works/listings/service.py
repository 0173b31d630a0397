"""Listings as other contexts see them: reading, and what a sale needs."""

import secrets
from typing import Final

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, NotFound
from souk.works.listings import store
from souk.works.listings.api import (
    ManagedListing,
    SaleFile,
    SaleItem,
    SaleOffer,
    SaleVersion,
)
from souk.works.listings.errors import ListingUnknown
from souk.works.listings.events import ListingEdited
from souk.works.listings.model import ListingRow, check_manager
from souk.works.listings.reading import ListingReader, owner_ref
from souk_client.contracts.works import Offer

COUNT_SHARDS: Final = 16


class ListingService(ListingReader):
    """Implements `listings.api.Listings`."""

    async def for_sale(
        self, uow: UnitOfWork, listing_id: str, offer_id: str | None = None
    ) -> SaleItem:
        row = await store.for_sale(uow, listing_id)
        if row is None:
            raise ListingUnknown()
        if row.state != "published":
            raise Conflict("listing_not_published", f"This listing is {row.state}; not for sale.")
        offer = await self._chosen_offer(uow, row.id, offer_id)
        if offer.stock is not None and offer.sold >= offer.stock:
            raise Conflict("offer_sold_out", "All that was for sale of this offer is sold.")
        owner = await self._organisations.get(uow, row.organisation_id)
        assert row.licence is not None  # the database admits no published listing without
        return SaleItem(
            listing_id=row.id,
            address=f"{owner.slug}/{row.slug}",
            title=row.title,
            kind=row.kind,
            owner=owner_ref(owner),
            licence=row.licence,
            regions=row.regions,
            version=await self._sale_version(uow, row),
            offer=SaleOffer(
                id=offer.id,
                edition=offer.edition,
                price_minor=offer.price_minor,
                currency=offer.currency,
                terms=offer.terms,
                split=offer.split,
                shares=offer.shares,
                creator_organisation_id=offer.creator_organisation_id,
                stock=offer.stock,
            ),
        )

    async def take_stock(self, uow: UnitOfWork, offer_id: str) -> None:
        await self._offers.take_stock(uow, offer_id)

    async def return_stock(self, uow: UnitOfWork, offer_id: str) -> None:
        await self._offers.return_stock(uow, offer_id)

    async def count_sale(
        self, uow: UnitOfWork, listing_id: str, *, offer_id: str, count: int = 1
    ) -> None:
        shard = secrets.randbelow(COUNT_SHARDS)
        await store.count(uow, listing_id, offer_id=offer_id, shard=shard, sales=count, downloads=0)

    async def count_download(self, uow: UnitOfWork, listing_id: str, *, count: int = 1) -> None:
        shard = secrets.randbelow(COUNT_SHARDS)
        await store.count(uow, listing_id, offer_id="", shard=shard, sales=0, downloads=count)

    async def managed(self, uow: UnitOfWork, actor: Actor, listing_id: str) -> ManagedListing:
        row = await self.managed_row(uow, actor, listing_id)
        return ManagedListing(
            id=row.id,
            organisation_id=row.organisation_id,
            state=row.state,
            user_id=actor.require_user(),
        )

    async def managed_row(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, *, or_may: str | None = None
    ) -> ListingRow:
        """As `managed`, with everything that is stored.

        Args:
            or_may: a permission that takes the place of managing the seller's organisation.
        """
        actor.require_user()
        seen = await store.find(uow, listing_id)
        if seen is None:
            raise ListingUnknown()
        if or_may not in actor.permissions:
            check_manager(actor, seen.organisation_id, visible=seen.published_at is not None)
        row = await store.find(uow, listing_id, lock=True)
        if row is None:
            raise ListingUnknown()
        return row

    async def note_edit(
        self, uow: UnitOfWork, listing: ManagedListing, *, fields: list[str]
    ) -> None:
        row = await store.find(uow, listing.id)
        if row is None:
            raise ListingUnknown()
        await store.touch(uow, row.id)
        uow.publish(
            ListingEdited(
                listing_id=row.id,
                organisation_id=row.organisation_id,
                address=await self.address_of(uow, row),
                title=row.title,
                kind=row.kind,
                user_id=listing.user_id,
                fields=fields,
                published=row.state == "published",
            )
        )

    async def _chosen_offer(self, uow: UnitOfWork, listing_id: str, offer_id: str | None) -> Offer:
        active = (await self._offers.of_listings(uow, [listing_id])).get(listing_id, [])
        if offer_id is None:
            if len(active) == 1:
                return active[0]
            raise Conflict(
                "offer_needed",
                f"This listing has {len(active)} active offers; say which one with offer_id.",
                offer_ids=[offer.id for offer in active],
            )
        for offer in active:
            if offer.id == offer_id:
                return offer
        if await self._offers.is_withdrawn(uow, listing_id, offer_id):
            raise Conflict("offer_withdrawn", "This offer is no longer for sale.")
        raise NotFound("offer_unknown", "This listing has no such offer.")

    async def _sale_version(self, uow: UnitOfWork, row: store.SaleRow) -> SaleVersion:
        # as for the licence
        assert row.version_id is not None
        assert row.version is not None
        assert row.revision_id is not None
        tree = await self._revisions.files(uow, row.revision_id)
        return SaleVersion(
            id=row.version_id,
            version=row.version,
            revision_id=row.revision_id,
            files=[
                SaleFile(path=file.path, sha256=file.sha256, size_bytes=file.size_bytes)
                for file in tree
            ],
        )
