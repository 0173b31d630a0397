"""Facts about what people pick out."""

from datetime import datetime
from typing import ClassVar

from souk.kernel.events import Event


class FavouriteChanged(Event, frozen=True, kw_only=True):
    """A listing became somebody's favourite, or is it no more."""

    topic: ClassVar[str] = "discovery.favourite_changed"
    listing_id: str
    user_id: str
    favourite: bool


class FollowChanged(Event, frozen=True, kw_only=True):
    """Somebody follows a seller, or does no more."""

    topic: ClassVar[str] = "discovery.follow_changed"
    organisation_id: str
    user_id: str
    following: bool


class FollowersToTell(Event, frozen=True, kw_only=True):
    """The next few followers are to hear of a new version: one step of a walk over all of them."""

    topic: ClassVar[str] = "discovery.followers_to_tell"
    organisation_id: str
    seller: str
    listing_title: str
    listing_address: str
    version_id: str
    version: str
    before: datetime
    """Only who followed by then: whoever came later saw the work on the seller's page."""
    after_user_id: str = ""
