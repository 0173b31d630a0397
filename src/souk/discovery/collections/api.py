"""What other contexts may ask of collections."""

from collections.abc import Collection as Some
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from souk.discovery.collections.model import moved as move
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import Page
from souk_client.contracts.collections import (
    Collection,
    CollectionItemRequest,
    CollectionOrder,
    CollectionRequest,
    CollectionSummary,
    CollectionUpdate,
    Favourite,
    FavouriteState,
    Featured,
    FeaturedRequest,
    Followed,
    FollowState,
)

__all__ = [
    "CollectionAddress",
    "CollectionOversight",
    "Collections",
    "Curation",
    "Favourites",
    "Follows",
    "move",
]


class CollectionAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a public collection is, and when it last changed."""

    address: str
    """`owner/slug`."""
    updated_at: datetime


class Favourites(Protocol):
    """A user's favourite listings."""

    async def toggle_favourite(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, *, on: bool | None = None
    ) -> FavouriteState:
        """Turns a favourite on or off; the other way round when `on` is None.

        Raises:
            Unauthenticated: `sign_in_needed`. NotFound: `listing_unknown`.
            Conflict: `favourites_full`.
        """
        ...

    async def favourites_of(
        self, uow: UnitOfWork, actor: Actor, *, cursor: str | None = None, limit: int = 20
    ) -> Page[Favourite]:
        """The caller's favourites that are on the market, the latest first."""
        ...

    async def latest_favourites(
        self, uow: UnitOfWork, actor: Actor, *, limit: int = 1000
    ) -> frozenset[str]:
        """The ids of the caller's latest favourites, to mark them wherever they are shown; none
        for strangers."""
        ...

    async def favourite_counts(self, uow: UnitOfWork, listing_ids: Some[str]) -> dict[str, int]:
        """How many people's favourite each listing is; those with none are left out."""
        ...


class Follows(Protocol):
    """Sellers that users follow."""

    async def toggle_follow(
        self, uow: UnitOfWork, actor: Actor, organisation: str, *, on: bool | None = None
    ) -> FollowState:
        """Follows the seller of this slug or no more; the other way round when `on` is None.

        Raises:
            Unauthenticated: `sign_in_needed`. NotFound: `organisation_unknown`.
            Conflict: `follows_full`, `follow_self`.
        """
        ...

    async def follow_state(self, uow: UnitOfWork, actor: Actor, organisation: str) -> FollowState:
        """Whether the caller follows the seller of this slug, and how many people do."""
        ...

    async def is_following(self, uow: UnitOfWork, actor: Actor, organisation_id: str) -> bool:
        """Whether the caller follows this seller; strangers follow nobody."""
        ...

    async def followers(self, uow: UnitOfWork, organisation_id: str) -> int:
        """How many people follow a seller."""
        ...

    async def followed_by(
        self, uow: UnitOfWork, actor: Actor, *, cursor: str | None = None, limit: int = 20
    ) -> Page[Followed]:
        """The sellers that the caller follows, the latest first."""
        ...


class Curation(Protocol):
    """Collections that users and organisations curate, and what the admin features."""

    async def create(
        self, uow: UnitOfWork, actor: Actor, request: CollectionRequest
    ) -> Collection: ...

    async def edit(
        self, uow: UnitOfWork, actor: Actor, collection_id: str, update: CollectionUpdate
    ) -> Collection: ...

    async def delete(self, uow: UnitOfWork, actor: Actor, collection_id: str) -> None: ...

    async def get(self, uow: UnitOfWork, collection_id: str) -> Collection:
        """Raises NotFound `collection_unknown`, also when it is private and not the caller's."""
        ...

    async def at(self, uow: UnitOfWork, owner: str, slug: str) -> Collection:
        """The collection at `owner/slug`. Raises NotFound `collection_unknown`."""
        ...

    async def public(
        self, uow: UnitOfWork, *, cursor: str | None = None, limit: int = 20
    ) -> Page[CollectionSummary]:
        """Public collections that hold something, the latest change first."""
        ...

    async def public_pages(self, uow: UnitOfWork, *, every: int) -> list[str]:
        """The ids of the first, the `every + 1`th, … public collection that holds something."""
        ...

    async def public_from(
        self, uow: UnitOfWork, collection_id: str, *, limit: int
    ) -> list[CollectionAddress]:
        """The addresses of public collections from this id on, in the order of ids."""
        ...

    async def of_organisation(
        self,
        uow: UnitOfWork,
        actor: Actor,
        organisation_id: str,
        *,
        cursor: str | None = None,
        limit: int = 20,
    ) -> Page[CollectionSummary]:
        """An organisation's collections: all for its members, the public ones for others."""
        ...

    async def put_item(
        self, uow: UnitOfWork, actor: Actor, collection_id: str, request: CollectionItemRequest
    ) -> Collection:
        """Adds a listing at the end, or changes the note of one that is in it."""
        ...

    async def remove_item(
        self, uow: UnitOfWork, actor: Actor, collection_id: str, listing_id: str
    ) -> Collection: ...

    async def order(
        self, uow: UnitOfWork, actor: Actor, collection_id: str, request: CollectionOrder
    ) -> Collection: ...

    async def featured(self, uow: UnitOfWork, *, limit: int = 12) -> list[Featured]:
        """What is featured now and on the market, by position."""
        ...

    async def all_featured(self, uow: UnitOfWork, actor: Actor) -> list[Featured]:
        """Admin: also what is to come and what is over."""
        ...

    async def feature(self, uow: UnitOfWork, actor: Actor, request: FeaturedRequest) -> Featured:
        """Admin: puts a listing on the front page, or changes its place there."""
        ...

    async def unfeature(self, uow: UnitOfWork, actor: Actor, listing_id: str) -> None:
        """Admin: takes a listing off the front page."""
        ...

    async def order_featured(
        self, uow: UnitOfWork, actor: Actor, listing_ids: Sequence[str]
    ) -> None:
        """Admin: gives these their positions from 1 on."""
        ...


class CollectionOversight(Protocol):
    """For moderators, in the system's scope."""

    async def get(self, uow: UnitOfWork, collection_id: str) -> Collection:
        """As `Curation.get`."""
        ...

    async def hide(self, uow: UnitOfWork, collection_id: str, *, reason: str) -> None:
        """Takes it from everybody's sight but its owner's. Harmless to repeat.

        Raises NotFound `collection_unknown`.
        """
        ...

    async def restore(self, uow: UnitOfWork, collection_id: str) -> None:
        """Shows it again to whom it was shown before. Harmless to repeat.

        Raises NotFound `collection_unknown`.
        """
        ...


class Collections(Favourites, Follows, Curation, Protocol):
    """All of it."""
