"""Facts about licences."""

from datetime import datetime
from typing import ClassVar

from souk.kernel.events import Event


class LicenceEvent(Event, frozen=True, kw_only=True):
    """What every fact about a licence says."""

    licence_id: str
    listing_id: str
    listing_address: str
    listing_title: str
    licensee_id: str
    """The organisation that may use the work."""
    licensor_id: str
    """The organisation that gave the licence."""
    order_id: str | None = None


class LicenceIssued(LicenceEvent, frozen=True, kw_only=True):
    """A licence exists."""

    topic: ClassVar[str] = "rights.licence_issued"
    valid_until: datetime | None = None


class LicenceRevoked(LicenceEvent, frozen=True, kw_only=True):
    """A licence has ended for good: whoever serves its files stops."""

    topic: ClassVar[str] = "rights.licence_revoked"
    reason: str


class LicenceTransferred(LicenceEvent, frozen=True, kw_only=True):
    """A licence has another holder: `licensee_id` is the new one."""

    topic: ClassVar[str] = "rights.licence_transferred"
    before_id: str
    """The organisation that held it before; it may use the work no longer."""
