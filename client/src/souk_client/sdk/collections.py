"""Favourites, followed sellers, collections, featured works, recommendations."""

from collections.abc import Sequence
from datetime import datetime
from types import NoneType

from souk_client.contracts.base import PageAnswer
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
    FeaturedList,
    FeaturedRequest,
    Followed,
    FollowState,
)
from souk_client.sdk.call import Call, Endpoint, Namespace, S, api


def list_favourites(
    *, cursor: str | None = None, limit: int | None = None
) -> Call[PageAnswer[Favourite]]:
    """The caller's favourites, the latest first."""
    query = {"cursor": cursor, "limit": limit}
    return Call(method="GET", path=api("favourites"), answer=PageAnswer[Favourite], query=query)


def add_favourite(listing_id: str) -> Call[FavouriteState]:
    """Makes a listing a favourite."""
    return Call(method="PUT", path=api("favourites", listing_id), answer=FavouriteState)


def remove_favourite(listing_id: str) -> Call[FavouriteState]:
    """Makes it one no more."""
    return Call(method="DELETE", path=api("favourites", listing_id), answer=FavouriteState)


def list_followed(
    *, cursor: str | None = None, limit: int | None = None
) -> Call[PageAnswer[Followed]]:
    """The sellers that the caller follows."""
    query = {"cursor": cursor, "limit": limit}
    return Call(method="GET", path=api("following"), answer=PageAnswer[Followed], query=query)


def follow(slug: str) -> Call[FollowState]:
    """Follows a seller, named by slug."""
    return Call(method="PUT", path=api("organisations", slug, "follow"), answer=FollowState)


def unfollow(slug: str) -> Call[FollowState]:
    """Follows the seller no more."""
    return Call(method="DELETE", path=api("organisations", slug, "follow"), answer=FollowState)


def follow_state(slug: str) -> Call[FollowState]:
    """Whether the caller follows a seller, and how many people do."""
    return Call(method="GET", path=api("organisations", slug, "follow"), answer=FollowState)


def list_collections(
    *, organisation_id: str | None = None, cursor: str | None = None, limit: int | None = None
) -> Call[PageAnswer[CollectionSummary]]:
    """Public collections, or those of one organisation."""
    query = {"organisation_id": organisation_id, "cursor": cursor, "limit": limit}
    return Call(
        method="GET", path=api("collections"), answer=PageAnswer[CollectionSummary], query=query
    )


def create_collection(collection: CollectionRequest) -> Call[Collection]:
    """A new, empty collection."""
    return Call(method="POST", path=api("collections"), answer=Collection, body=collection)


def get_collection(collection: str) -> Call[Collection]:
    """A collection by its id, or by its address `owner/slug`."""
    owner, slash, slug = collection.partition("/")
    path = (
        api("collections", "by-address", owner, slug) if slash else api("collections", collection)
    )
    return Call(method="GET", path=path, answer=Collection)


def edit_collection(collection_id: str, update: CollectionUpdate) -> Call[Collection]:
    """Changes a collection; fields left out stay as they are."""
    path = api("collections", collection_id)
    return Call(method="PATCH", path=path, answer=Collection, body=update)


def delete_collection(collection_id: str) -> Call[None]:
    """Deletes a collection; its works stay."""
    return Call(method="DELETE", path=api("collections", collection_id), answer=NoneType)


def put_item(collection_id: str, listing_id: str, *, note: str = "") -> Call[Collection]:
    """Adds a work at the end, or changes the note of one that is in it."""
    return Call(
        method="PUT",
        path=api("collections", collection_id, "items"),
        answer=Collection,
        body=CollectionItemRequest(listing_id=listing_id, note=note),
    )


def remove_item(collection_id: str, listing_id: str) -> Call[Collection]:
    """Takes a work out."""
    path = api("collections", collection_id, "items", listing_id)
    return Call(method="DELETE", path=path, answer=Collection)


def order_items(collection_id: str, listing_ids: Sequence[str]) -> Call[Collection]:
    """Puts the works into another order."""
    return Call(
        method="PUT",
        path=api("collections", collection_id, "order"),
        answer=Collection,
        body=CollectionOrder(listing_ids=list(listing_ids)),
    )


def list_featured() -> Call[FeaturedList]:
    """What the marketplace features now."""
    return Call(method="GET", path=api("featured"), answer=FeaturedList)


def feature(
    listing_id: str,
    *,
    position: int = 1,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    note: str = "",
) -> Call[Featured]:
    """Admin: puts a work on the front page."""
    body = FeaturedRequest(
        listing_id=listing_id, position=position, starts_at=starts_at, ends_at=ends_at, note=note
    )
    return Call(method="PUT", path=api("featured"), answer=Featured, body=body)


def unfeature(listing_id: str) -> Call[None]:
    """Admin: takes a work off the front page."""
    return Call(method="DELETE", path=api("featured", listing_id), answer=NoneType)


class Favourites(Namespace[S]):
    """The caller's favourites."""

    list = Endpoint(list_favourites)
    add = Endpoint(add_favourite)
    remove = Endpoint(remove_favourite)


class Following(Namespace[S]):
    """Sellers that the caller follows."""

    list = Endpoint(list_followed)
    follow = Endpoint(follow)
    unfollow = Endpoint(unfollow)
    get = Endpoint(follow_state)


class Collections(Namespace[S]):
    """Curated lists of works."""

    list = Endpoint(list_collections)
    create = Endpoint(create_collection)
    get = Endpoint(get_collection)
    edit = Endpoint(edit_collection)
    delete = Endpoint(delete_collection)
    put_item = Endpoint(put_item)
    remove_item = Endpoint(remove_item)
    order = Endpoint(order_items)


class FeaturedWorks(Namespace[S]):
    """What the marketplace shows on its front page."""

    list = Endpoint(list_featured)
    feature = Endpoint(feature)
    unfeature = Endpoint(unfeature)
