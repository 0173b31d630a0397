"""Facts about downloads."""

from typing import ClassVar

from souk.kernel.events import Event


class VersionDownloaded(Event, frozen=True, kw_only=True):
    """Under this licence, a file of this version was begun to be downloaded for the first time."""

    topic: ClassVar[str] = "delivery.version_downloaded"
    licence_id: str
    listing_id: str
    version_id: str
    licensee_organisation_id: str
