"""What others change of listings."""

from typing import Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.works import (
    Listing,
    ListingRequest,
    ListingState,
    Version,
)


class ManagedListing(msgspec.Struct, frozen=True, kw_only=True):
    """A listing that the caller may change."""

    id: str
    organisation_id: str
    state: ListingState
    user_id: str
    """Who may change it: the caller."""


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
