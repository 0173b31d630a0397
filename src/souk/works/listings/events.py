"""Facts about listings. Search and provenance read the rest through the api."""

from typing import ClassVar

import msgspec

from souk.kernel.events import Event
from souk_client.contracts.base import ListingKind


class PublishedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a published version."""

    path: str
    sha256: str


class ListingEvent(Event, frozen=True, kw_only=True):
    """What every fact about a listing says."""

    listing_id: str
    organisation_id: str
    """Who owns and sells it."""
    address: str
    """`owner/slug`."""
    title: str
    kind: ListingKind
    user_id: str | None = None
    """Who did it; none when the system did."""


class ListingCreated(ListingEvent, frozen=True, kw_only=True):
    """A draft exists."""

    topic: ClassVar[str] = "works.listing_created"


class ListingEdited(ListingEvent, frozen=True, kw_only=True):
    """Words, licence, metrics, offers or the current version changed."""

    topic: ClassVar[str] = "works.listing_edited"
    fields: list[str] = []
    published: bool = False
    """Whether the listing is public now: a draft's edits concern nobody else."""


class ListingPublished(ListingEvent, frozen=True, kw_only=True):
    """A listing is public for the first time, or again. Its versions are announced one by one."""

    topic: ClassVar[str] = "works.listing_published"
    version_id: str
    version: str
    """The version that buyers get."""
    files: list[PublishedFile] = []
    version_is_new: bool = False
    """Whether that version became public in the same moment, so that `VersionPublished` says it."""


class VersionPublished(ListingEvent, frozen=True, kw_only=True):
    """A version is public: its files will never change."""

    topic: ClassVar[str] = "works.version_published"
    version_id: str
    version: str
    revision_id: str
    files: list[PublishedFile]


class ListingRetired(ListingEvent, frozen=True, kw_only=True):
    """No longer sold or shown; who owns a licence keeps it."""

    topic: ClassVar[str] = "works.listing_retired"
