"""Facts about domains."""

from datetime import datetime
from typing import ClassVar

from souk.kernel.events import Event


class CertificateEnding(Event, frozen=True, kw_only=True):
    """A certificate that the owner of a domain brought ends soon, and nobody renews it but they."""

    topic: ClassVar[str] = "delivery.certificate_ending"
    domain_id: str
    organisation_id: str
    name: str
    not_after: datetime
    days: int
    """It ends within so many days: 30, 7 or 1."""
