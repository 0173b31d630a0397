"""What listings ask of the contexts above them."""

from collections.abc import Collection, Sequence
from typing import Any, Protocol

import msgspec
from litestar.connection import ASGIConnection

from souk.infra.postgres.uow import UnitOfWork
from souk.works.revisions.api import TreeFile
from souk_client.contracts.base import ListingKind
from souk_client.contracts.galleries import GalleryImage
from souk_client.contracts.works import (
    Offer,
    OfferRequest,
)


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
