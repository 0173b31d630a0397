"""Facts about copies."""

from typing import ClassVar

from souk.kernel.events import Event
from souk_client.contracts.lookups import FoundBy


class CopyFound(Event, frozen=True, kw_only=True):
    """A published file is like one that somebody else published before."""

    topic: ClassVar[str] = "rights.copy_found"
    listing_id: str
    organisation_id: str
    sha256: str
    of_listing_id: str
    of_organisation_id: str
    of_sha256: str
    share: float
    """From 0 to 1."""
    found_by: FoundBy
