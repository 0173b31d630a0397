"""Collections: favourites, curated lists, featured works, followed sellers."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from souk_client.contracts.base import Answer, Id, Name, OwnerRef, Request, Slug
from souk_client.contracts.works import ListingSummary

Visibility = Literal["public", "unlisted", "private"]
"""`public`: listed for everybody; `unlisted`: for whoever has the address; `private`: for the
owner's members."""

Note = Annotated[str, Meta(max_length=500)]
Description = Annotated[str, Meta(max_length=2000)]


class FavouriteState(Answer, frozen=True, kw_only=True):
    """Whether a listing is among the caller's favourites, and how many people's it is."""

    listing_id: str
    favourite: bool
    favourites: int


class Favourite(Answer, frozen=True, kw_only=True):
    listing: ListingSummary
    since: datetime


class FollowState(Answer, frozen=True, kw_only=True):
    """Whether the caller follows a seller, and how many people do."""

    organisation: OwnerRef
    following: bool
    followers: int


class Followed(Answer, frozen=True, kw_only=True):
    organisation: OwnerRef
    since: datetime


class CollectionRequest(Request, frozen=True, kw_only=True):
    """A new collection."""

    title: Name
    slug: Slug | None = None
    """Made from the title when left out."""
    description: Description = ""
    visibility: Visibility = "public"
    organisation_id: Id | None = None
    """Whose it is; the caller's personal organisation when left out."""


class CollectionUpdate(Request, frozen=True, kw_only=True):
    """Fields left out stay as they are; the slug never changes, since addresses carry it."""

    title: Name | None = None
    description: Description | None = None
    visibility: Visibility | None = None


class CollectionItemRequest(Request, frozen=True, kw_only=True):
    """A listing for a collection; one that is in it gets the new note."""

    listing_id: Id
    note: Note = ""


class CollectionOrder(Request, frozen=True, kw_only=True):
    """Every listing of the collection once, in the order it shall have."""

    listing_ids: Annotated[list[Id], Meta(max_length=500)]


class CollectionSummary(Answer, frozen=True, kw_only=True):
    """A collection in a list."""

    id: str
    address: str
    """`owner/slug`; its page is at `/collections/owner/slug`."""
    owner: OwnerRef
    title: str
    description: str
    visibility: Visibility
    item_count: int
    updated_at: datetime
    preview: list[ListingSummary] = []
    """The first few of its works."""
    hidden: bool = False
    """Whether moderators took it from sight: then its owner alone sees it."""


class CollectionItem(Answer, frozen=True, kw_only=True):
    listing: ListingSummary
    note: str
    added_at: datetime


class Collection(Answer, frozen=True, kw_only=True):
    """A collection with those of its works that are on the market, in its order."""

    id: str
    address: str
    owner: OwnerRef
    title: str
    description: str
    visibility: Visibility
    items: list[CollectionItem]
    created_at: datetime
    updated_at: datetime
    hidden: bool = False
    """Whether moderators took it from sight: then its owner alone sees it."""


class FeaturedRequest(Request, frozen=True, kw_only=True):
    """Admin: shows a listing on the front page, or changes how long and where."""

    listing_id: Id
    position: Annotated[int, Meta(ge=1, le=1000)] = 1
    """The smallest comes first."""
    starts_at: Annotated[datetime, Meta(tz=True)] | None = None
    """Now when left out."""
    ends_at: Annotated[datetime, Meta(tz=True)] | None = None
    """Never when left out."""
    note: Annotated[str, Meta(max_length=160)] = ""
    """Why it is worth a look, shown beside it."""


class Featured(Answer, frozen=True, kw_only=True):
    """A work on the front page."""

    listing: ListingSummary
    position: int
    starts_at: datetime
    ends_at: datetime | None
    note: str


class FeaturedList(Answer, frozen=True, kw_only=True):
    items: list[Featured] = msgspec.field(default_factory=list)
