"""Facts about offers."""

from typing import ClassVar

from souk.kernel.events import Event


class OfferChanged(Event, frozen=True, kw_only=True):
    """An offer was made, replaced by one with another price or terms, or withdrawn."""

    topic: ClassVar[str] = "works.offer_changed"
    offer_id: str
    listing_id: str
    organisation_id: str
    replaced_by: str | None = None
