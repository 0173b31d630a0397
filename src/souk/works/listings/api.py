"""What other contexts may ask of listings, and what listings ask of those above them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec
from litestar.connection import ASGIConnection

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import Page
from souk.works.revisions.api import TreeFile
from souk_client.contracts.base import ListingKind, OwnerRef
from souk_client.contracts.galleries import GalleryImage
from souk_client.contracts.works import (
    FileEntry,
    LicenceTerms,
    Listing,
    ListingRequest,
    ListingState,
    ListingSummary,
    Offer,
    OfferRequest,
    SplitShare,
    Version,
)


class SaleFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a buyer gets."""

    path: str
    sha256: str
    size_bytes: int


class SaleVersion(msgspec.Struct, frozen=True, kw_only=True):
    """The published version that a buyer gets."""

    id: str
    version: str
    revision_id: str
    files: list[SaleFile]


class SaleOffer(msgspec.Struct, frozen=True, kw_only=True):
    """The offer that is bought, as it stands in this transaction."""

    id: str
    edition: str
    price_minor: int
    currency: str
    terms: LicenceTerms
    split: Literal["standard", "premium", "custom"]
    shares: list[SplitShare]
    """The split plan, sums to 10,000 basis points; also filled in for standard and premium."""
    creator_organisation_id: str | None
    """Who made the work, when not the seller."""
    stock: int | None
    """How many may be sold in all; None is unlimited."""


class SaleItem(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a checkout needs to know of what is bought."""

    listing_id: str
    address: str
    title: str
    kind: ListingKind
    owner: OwnerRef
    """The seller's organisation."""
    licence: str
    """The SPDX expression (or LicenseRef-…)."""
    regions: list[str]
    """The parts of the world it is sold in; none is everywhere."""
    version: SaleVersion
    offer: SaleOffer


class ListingAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a published listing is, and when it last changed."""

    address: str
    updated_at: datetime


class SellerTotals(msgspec.Struct, frozen=True, kw_only=True):
    """What a seller has on the market, and what came of it so far."""

    works: int
    sales: int
    downloads: int


class ManagedListing(msgspec.Struct, frozen=True, kw_only=True):
    """A listing that the caller may change."""

    id: str
    organisation_id: str
    state: ListingState
    user_id: str
    """Who may change it: the caller."""


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


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """A listing as somebody sees it who pulls its files, or pushes to it."""

    id: str
    organisation_id: str
    owner: str
    """The slug of the seller's organisation; `owner/slug` is the address."""
    slug: str
    kind: ListingKind
    title: str
    summary: str
    licence: str | None
    task: str
    tags: list[str]
    frameworks: list[str]
    state: ListingState
    hidden: bool
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    version_id: str | None
    """The version that buyers get now, and its name and revision; None before the first."""
    version: str | None
    revision_id: str | None

    @property
    def address(self) -> str:
        return f"{self.owner}/{self.slug}"


class RepositoryVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version as the name of a revision."""

    id: str
    version: str
    revision_id: str
    published: bool


class Repositories(Protocol):
    """Listings as repositories; every answer holds only what this scope may see."""

    async def find(self, uow: UnitOfWork, owner: str, slug: str) -> Repository:
        """The listing at `owner/slug`. Raises NotFound `listing_unknown`."""
        ...

    async def card_fields(self, uow: UnitOfWork, listing_id: str) -> dict[str, Any]:
        """What its card's front matter says, as YAML has it; empty when it cannot be read."""
        ...

    def card_problem(self, card: str) -> str | None:
        """What is wrong with a card's front matter, with the line; None when nothing is."""
        ...

    async def versions(self, uow: UnitOfWork, listing_id: str) -> list[RepositoryVersion]:
        """Its versions, newest first."""
        ...

    async def version(
        self, uow: UnitOfWork, listing_id: str, version: str
    ) -> RepositoryVersion | None:
        """One version by its semantic version."""
        ...

    async def downloads(self, uow: UnitOfWork, listing_ids: Collection[str]) -> dict[str, int]:
        """How often each of these listings was downloaded."""
        ...


class ListingEditing(Protocol):
    """What sellers do with their listings."""

    async def create(self, uow: UnitOfWork, actor: Actor, request: ListingRequest) -> Listing:
        """A new draft.

        Raises:
            Conflict: `slug_taken`, `listings_full`. Forbidden: `not_listing_manager`.
        """
        ...

    async def push_card(self, uow: UnitOfWork, actor: Actor, listing_id: str, card: str) -> None:
        """Takes over a card that came with files: what its front matter says anew counts.

        Raises:
            NotFound: `listing_unknown`. Forbidden: `not_listing_manager`.
            Invalid: `card_invalid`, `text_invalid`, `metric_invalid`.
        """
        ...

    async def retire(self, uow: UnitOfWork, actor: Actor, listing_id: str) -> Listing:
        """Takes a listing off the market; who owns a licence keeps it. Harmless to repeat.

        Raises:
            NotFound: `listing_unknown`. Forbidden: `not_listing_manager`.
            Conflict: `listing_not_published` for a draft.
        """
        ...

    async def discard(self, uow: UnitOfWork, actor: Actor, listing_id: str) -> None:
        """Removes a draft that was never public, for good.

        Raises:
            NotFound: `listing_unknown`. Forbidden: `not_listing_manager`.
            Conflict: `listing_kept` when it was public, or something else refers to it.
        """
        ...


class VersionPublishing(Protocol):
    """Naming revisions, and making them public."""

    async def name_revision(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, *, revision_id: str, version: str
    ) -> Version:
        """A new version of files that are committed already; no ref moves.

        Raises:
            NotFound: `listing_unknown`, `revision_unknown`. Forbidden: `not_listing_manager`.
            Invalid: `manifest_invalid`. Conflict: `version_taken`, `versions_full`.
        """
        ...

    async def publish_when_scanned(
        self, actor: Actor, listing_id: str, *, version: str | None
    ) -> Listing:
        """Makes a version public (the newest one when None), in transactions of its own.

        Raises:
            NotFound: `listing_unknown`, `version_unknown`. Forbidden: `not_listing_manager`.
            Conflict: `listing_hidden`, `publish_incomplete`, `scan_pending`,
                `artifact_quarantined`, `publish_refused`.
        """
        ...


class ListingOversight(Protocol):
    """For moderators, in the system's scope."""

    async def hide(self, uow: UnitOfWork, listing_id: str, *, reason: str) -> None:
        """Takes a listing off the market and its words from sight; licences and files stay.

        Harmless to repeat. Raises NotFound `listing_unknown`.
        """
        ...

    async def restore(self, uow: UnitOfWork, listing_id: str) -> None:
        """Gives a hidden listing back in the state it had; while its seller is hidden, it then
        stays hidden with the seller. Harmless to repeat.

        Raises NotFound `listing_unknown`.
        """
        ...

    async def hide_seller(self, uow: UnitOfWork, organisation_id: str, *, reason: str) -> None:
        """Hides every published listing of a seller that is hidden. Harmless to repeat."""
        ...

    async def restore_seller(self, uow: UnitOfWork, organisation_id: str) -> None:
        """Gives back what `hide_seller` took, and nothing that was hidden by itself."""
        ...


class PublishCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """What a gate is asked about."""

    listing_id: str
    organisation_id: str
    kind: ListingKind
    title: str
    card: str
    licence: str
    sha256s: list[str]


class PublishGate(Protocol):
    """Owned by works, implemented above (trust): a last say before something is public."""

    async def refusals(self, uow: UnitOfWork, candidate: PublishCandidate) -> list[str]:
        """Why this may not be published, each in plain words; empty lets it through."""
        ...


class VersionCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """A version with its files, before it is made."""

    listing_id: str
    organisation_id: str
    address: str
    kind: ListingKind
    version: str
    files: Sequence[TreeFile]


class AdmittedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version that was made, with what its check found."""

    version_id: str
    candidate: VersionCandidate
    facts: dict[str, object]


class VersionGate(Protocol):
    """Owned by listings, implemented by kinds whose versions must hold something of their own."""

    async def check(self, candidate: VersionCandidate) -> dict[str, object] | None:
        """What was found in a version's files; None when its kind needs nothing of its own.

        Raises:
            Invalid: what is missing or wrong (`manifest_invalid`).
        """
        ...

    async def admit(
        self, uow: UnitOfWork, versions: Sequence[AdmittedVersion], *, published: bool
    ) -> None:
        """Keeps what was found, now that the versions are there; harmless to repeat."""
        ...


class NewOffer(msgspec.Struct, frozen=True, kw_only=True):
    """An offer to be written, checked by `OfferBook.check`."""

    listing_id: str
    organisation_id: str
    request: OfferRequest


class ListingWatcher(Protocol):
    """Owned by listings, implemented above (insight.analytics): hears who looked at a listing."""

    def viewed(self, connection: ASGIConnection[Any, Any, Any, Any], listing_id: str) -> None:
        """A listing was answered to this request. Never waits and never fails."""
        ...


class Covers(Protocol):
    """Owned by listings, implemented by galleries: the picture that stands for a listing."""

    async def of_listings(
        self, uow: UnitOfWork, listing_ids: Collection[str]
    ) -> dict[str, GalleryImage]:
        """The first picture of each listing that has any and that this scope may see."""
        ...


class OfferBook(Protocol):
    """Owned by listings, implemented by offers: the prices behind a listing."""

    def check(self, request: OfferRequest) -> None:
        """Raises Invalid (`amount_invalid`, `currency_unknown`, `terms_invalid`, `split_invalid`)
        when this can be no offer."""
        ...

    async def check_organisations(self, uow: UnitOfWork, offers: Sequence[NewOffer]) -> None:
        """Raises Invalid `organisation_unknown` when a share's or a creator's is not there."""
        ...

    async def add(self, uow: UnitOfWork, offers: Sequence[NewOffer]) -> list[Offer]:
        """Writes new offers in the same order.

        Raises:
            Invalid: as `check` and `check_organisations`.
            Conflict: `edition_taken` when a listing has an active offer of the edition.
        """
        ...

    async def of_listings(
        self, uow: UnitOfWork, listing_ids: Collection[str]
    ) -> dict[str, list[Offer]]:
        """The active offers of each listing, the cheapest first."""
        ...

    async def is_withdrawn(self, uow: UnitOfWork, listing_id: str, offer_id: str) -> bool:
        """Whether this was an offer of the listing, and is no more."""
        ...

    async def take_stock(self, uow: UnitOfWork, offer_id: str) -> None:
        """As `Listings.take_stock`."""
        ...

    async def return_stock(self, uow: UnitOfWork, offer_id: str) -> None:
        """As `Listings.return_stock`."""
        ...
