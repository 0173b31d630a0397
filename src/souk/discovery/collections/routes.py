"""HTTP: favourites, collections, featured works, followed sellers."""

from typing import Annotated

from litestar import delete, get, patch, post, put
from litestar.params import Parameter

from souk.discovery.collections.service import CollectionService
from souk.infra.http.paging import Limit
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import DEFAULT_LIMIT
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

_TAGS = ["discovery"]
Cursor = Annotated[str | None, Parameter(max_length=300)]


@get("/favourites", tags=_TAGS)
async def list_favourites(
    uow: UnitOfWork,
    actor: Actor,
    collections: CollectionService,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageAnswer[Favourite]:
    """The caller's favourites that are on the market, the latest first."""
    page = await collections.favourites_of(uow, actor, cursor=cursor, limit=limit)
    return PageAnswer(items=page.items, next_cursor=page.next_cursor)


@put("/favourites/{listing_id:str}", tags=_TAGS)
async def add_favourite(
    listing_id: str, uow: UnitOfWork, actor: Actor, collections: CollectionService
) -> FavouriteState:
    """Makes a listing one of the caller's favourites; harmless when it is."""
    return await collections.toggle_favourite(uow, actor, listing_id, on=True)


@delete("/favourites/{listing_id:str}", tags=_TAGS, status_code=200)
async def remove_favourite(
    listing_id: str, uow: UnitOfWork, actor: Actor, collections: CollectionService
) -> FavouriteState:
    """Takes a listing off the caller's favourites; harmless when it is none."""
    return await collections.toggle_favourite(uow, actor, listing_id, on=False)


@get("/following", tags=_TAGS)
async def list_followed(
    uow: UnitOfWork,
    actor: Actor,
    collections: CollectionService,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageAnswer[Followed]:
    """The sellers that the caller follows, the latest first."""
    page = await collections.followed_by(uow, actor, cursor=cursor, limit=limit)
    return PageAnswer(items=page.items, next_cursor=page.next_cursor)


@get("/organisations/{slug:str}/follow", tags=_TAGS, opt={"caller": "optional"})
async def get_follow(
    slug: str, uow: UnitOfWork, actor: Actor, collections: CollectionService
) -> FollowState:
    """Whether the caller follows this seller, and how many people do."""
    return await collections.follow_state(uow, actor, slug)


@put("/organisations/{slug:str}/follow", tags=_TAGS)
async def follow(
    slug: str, uow: UnitOfWork, actor: Actor, collections: CollectionService
) -> FollowState:
    """Follows a seller: the caller is told of every new version."""
    return await collections.toggle_follow(uow, actor, slug, on=True)


@delete("/organisations/{slug:str}/follow", tags=_TAGS, status_code=200)
async def unfollow(
    slug: str, uow: UnitOfWork, actor: Actor, collections: CollectionService
) -> FollowState:
    """Follows a seller no more."""
    return await collections.toggle_follow(uow, actor, slug, on=False)


@get("/collections", tags=_TAGS, opt={"caller": "optional"})
async def list_collections(
    uow: UnitOfWork,
    actor: Actor,
    collections: CollectionService,
    organisation_id: str | None = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageAnswer[CollectionSummary]:
    """Public collections that hold something, the latest change first.

    With `organisation_id` those of one organisation: all of them for its members.
    """
    if organisation_id is None:
        page = await collections.public(uow, cursor=cursor, limit=limit)
    else:
        page = await collections.of_organisation(
            uow, actor, organisation_id, cursor=cursor, limit=limit
        )
    return PageAnswer(items=page.items, next_cursor=page.next_cursor)


@post("/collections", tags=_TAGS)
async def create_collection(
    data: CollectionRequest, uow: UnitOfWork, actor: Actor, collections: CollectionService
) -> Collection:
    """Makes an empty collection."""
    return await collections.create(uow, actor, data)


@get("/collections/{collection_id:str}", tags=_TAGS, opt={"caller": "optional"})
async def get_collection(
    collection_id: str, uow: UnitOfWork, collections: CollectionService
) -> Collection:
    """A collection with those of its works that are on the market."""
    return await collections.get(uow, collection_id)


@get("/collections/by-address/{owner:str}/{slug:str}", tags=_TAGS, opt={"caller": "optional"})
async def get_collection_by_address(
    owner: str, slug: str, uow: UnitOfWork, collections: CollectionService
) -> Collection:
    """The collection at `owner/slug`."""
    return await collections.at(uow, owner, slug)


@patch("/collections/{collection_id:str}", tags=_TAGS)
async def edit_collection(
    collection_id: str,
    data: CollectionUpdate,
    uow: UnitOfWork,
    actor: Actor,
    collections: CollectionService,
) -> Collection:
    """Changes title, description or who may see it."""
    return await collections.edit(uow, actor, collection_id, data)


@delete("/collections/{collection_id:str}", tags=_TAGS)
async def delete_collection(
    collection_id: str, uow: UnitOfWork, actor: Actor, collections: CollectionService
) -> None:
    """Deletes a collection; its works stay."""
    await collections.delete(uow, actor, collection_id)


@put("/collections/{collection_id:str}/items", tags=_TAGS)
async def put_collection_item(
    collection_id: str,
    data: CollectionItemRequest,
    uow: UnitOfWork,
    actor: Actor,
    collections: CollectionService,
) -> Collection:
    """Adds a work at the end, or changes the note of one that is in it."""
    return await collections.put_item(uow, actor, collection_id, data)


@put("/collections/{collection_id:str}/order", tags=_TAGS)
async def order_collection(
    collection_id: str,
    data: CollectionOrder,
    uow: UnitOfWork,
    actor: Actor,
    collections: CollectionService,
) -> Collection:
    """Puts the works of a collection into another order."""
    return await collections.order(uow, actor, collection_id, data)


@delete("/collections/{collection_id:str}/items/{listing_id:str}", tags=_TAGS, status_code=200)
async def remove_collection_item(
    collection_id: str,
    listing_id: str,
    uow: UnitOfWork,
    actor: Actor,
    collections: CollectionService,
) -> Collection:
    """Takes a work out of a collection; harmless when it is not in it."""
    return await collections.remove_item(uow, actor, collection_id, listing_id)


@get("/featured", tags=_TAGS, opt={"caller": "optional"})
async def list_featured(uow: UnitOfWork, collections: CollectionService) -> FeaturedList:
    """What the marketplace features now."""
    return FeaturedList(items=await collections.featured(uow, limit=100))


@put("/featured", tags=_TAGS)
async def feature(
    data: FeaturedRequest, uow: UnitOfWork, actor: Actor, collections: CollectionService
) -> Featured:
    """Admin: puts a work on the front page, or changes where and how long it is there."""
    return await collections.feature(uow, actor, data)


@delete("/featured/{listing_id:str}", tags=_TAGS)
async def unfeature(
    listing_id: str, uow: UnitOfWork, actor: Actor, collections: CollectionService
) -> None:
    """Admin: takes a work off the front page."""
    await collections.unfeature(uow, actor, listing_id)


ROUTES = [
    list_favourites,
    add_favourite,
    remove_favourite,
    list_followed,
    get_follow,
    follow,
    unfollow,
    list_collections,
    create_collection,
    get_collection,
    get_collection_by_address,
    edit_collection,
    delete_collection,
    put_collection_item,
    order_collection,
    remove_collection_item,
    list_featured,
    feature,
    unfeature,
]
