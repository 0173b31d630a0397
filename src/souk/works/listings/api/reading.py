"""What others read of listings."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import Page
from souk.works.listings.api.changing import ManagedListing
from souk.works.listings.api.sales import SaleItem
from souk_client.contracts.works import (
    FileEntry,
    Listing,
    ListingState,
    ListingSummary,
    Version,
)


class ListingAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a published listing is, and when it last changed."""

    address: str
    updated_at: datetime


class SellerTotals(msgspec.Struct, frozen=True, kw_only=True):
    """What a seller has on the market, and what came of it so far."""

    works: int
    sales: int
    downloads: int


def current_version(listing: Listing) -> Version | None:
    """The public version that buyers get: the one made current, which need not be the newest."""
    public = [version for version in listing.versions if version.published_at is not None]
    chosen = (version for version in public if version.version == listing.current_version)
    return next(chosen, public[0] if public else None)


class Listings(Protocol):
    """Listings as other contexts see them; every answer holds only what this scope may see."""

    async def get(self, uow: UnitOfWork, listing_id: str) -> Listing:
        """A listing with its active offers and its newest versions, unpublished ones for its owner.

        Raises:
            NotFound: `listing_unknown`.
        """
        ...

    async def by_address(self, uow: UnitOfWork, owner: str, slug: str) -> Listing:
        """The listing at `owner/slug`. Raises NotFound `listing_unknown`."""
        ...

    async def can_be_seen(self, uow: UnitOfWork, listing_id: str) -> bool:
        """Whether there is such a listing for this scope."""
        ...

    async def summaries(
        self, uow: UnitOfWork, listing_ids: Collection[str]
    ) -> dict[str, ListingSummary]:
        """Short forms by id; ids that are not there, or not to be seen, are left out."""
        ...

    async def given_away(self, uow: UnitOfWork, listing_ids: Collection[str]) -> set[str]:
        """Those of these listings that anybody may have for ever and for nothing."""
        ...

    async def of_organisation(
        self,
        uow: UnitOfWork,
        organisation_id: str,
        *,
        state: ListingState | None = None,
        cursor: str | None = None,
        limit: int = 20,
    ) -> Page[ListingSummary]:
        """An organisation's listings, newest first."""
        ...

    async def published_after(
        self, uow: UnitOfWork, listing_id: str = "", *, limit: int = 500
    ) -> list[Listing]:
        """Published listings with an id past this one, in the order of ids: to rebuild an index."""
        ...

    async def address_pages(self, uow: UnitOfWork, *, every: int) -> list[str]:
        """The ids of the first, the `every + 1`th, … published listing: where the pages of
        `addresses_from` begin."""
        ...

    async def addresses_from(
        self, uow: UnitOfWork, listing_id: str, *, limit: int
    ) -> list[ListingAddress]:
        """The addresses of published listings from this id on, in the order of ids."""
        ...

    async def seller_pages(self, uow: UnitOfWork, *, every: int) -> list[str]:
        """The ids of the first, the `every + 1`th, … organisation with a published listing."""
        ...

    async def sellers_from(
        self, uow: UnitOfWork, organisation_id: str, *, limit: int
    ) -> list[ListingAddress]:
        """The storefronts of organisations with a published listing, from this id on."""
        ...

    async def totals(self, uow: UnitOfWork, organisation_id: str) -> SellerTotals:
        """A seller's published listings, with their sales and downloads."""
        ...

    async def for_sale(
        self, uow: UnitOfWork, listing_id: str, offer_id: str | None = None
    ) -> SaleItem:
        """What buying this listing means now.

        Args:
            offer_id: may be left out when the listing has exactly one active offer.

        Raises:
            NotFound: `listing_unknown`, `offer_unknown`.
            Conflict: `listing_not_published`, `offer_withdrawn`, `offer_needed` (several to choose
                from), `offer_sold_out`.
        """
        ...

    async def take_stock(self, uow: UnitOfWork, offer_id: str) -> None:
        """Takes one from the offer's stock, if it has one; held until this transaction ends.

        Raises:
            Conflict: `offer_sold_out`, `offer_withdrawn`.
        """
        ...

    async def return_stock(self, uow: UnitOfWork, offer_id: str) -> None:
        """Gives one back to the offer's stock (a refund)."""
        ...

    async def count_sale(
        self, uow: UnitOfWork, listing_id: str, *, offer_id: str, count: int = 1
    ) -> None:
        """Counts sales; a refund counts -1. Concurrent sales of one listing do not wait."""
        ...

    async def count_download(self, uow: UnitOfWork, listing_id: str, *, count: int = 1) -> None:
        """Counts downloads."""
        ...

    async def version_files(self, uow: UnitOfWork, version_id: str) -> list[FileEntry]:
        """The files of a version by path; of a retired listing's published version too.

        Raises:
            NotFound: `version_unknown`.
        """
        ...

    async def latest_version(self, uow: UnitOfWork, listing_id: str) -> Version | None:
        """The published version that buyers get now; None before the first."""
        ...

    async def managed(self, uow: UnitOfWork, actor: Actor, listing_id: str) -> ManagedListing:
        """The listing, when the caller may change it; locked until this transaction ends.

        Raises:
            NotFound: `listing_unknown`. Forbidden: `not_listing_manager`, `permission_missing`.
        """
        ...

    async def note_edit(
        self, uow: UnitOfWork, listing: ManagedListing, *, fields: list[str]
    ) -> None:
        """Announces that something that belongs to a listing changed (its offers)."""
        ...
