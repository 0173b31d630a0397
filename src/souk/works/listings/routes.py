"""HTTP: listings, versions, publishing, bulk import."""

from typing import Annotated, Any

from litestar import Request, get, patch, post
from litestar.datastructures import State
from litestar.params import Parameter, QueryParameter

from souk.infra.http.dependencies import Service
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import DEFAULT_LIMIT, MAX_LIMIT
from souk.works.listings.api import ListingWatcher
from souk.works.listings.editing import ListingEditor
from souk.works.listings.importing import ListingImporter
from souk.works.listings.publishing import Publisher
from souk.works.listings.service import ListingService
from souk_client.contracts.base import PageAnswer
from souk_client.contracts.works import (
    ImportAnswer,
    ImportRequest,
    Listing,
    ListingRequest,
    ListingState,
    ListingSummary,
    ListingUpdate,
    PublishRequest,
    Version,
    VersionRequest,
)

MAX_IMPORT_BYTES = 32 * 2**20
_TAGS = ["works"]


@post("/listings", tags=_TAGS)
async def create_listing(
    data: ListingRequest, uow: UnitOfWork, actor: Actor, listing_editor: ListingEditor
) -> Listing:
    """Makes a draft that only its owners see."""
    return await listing_editor.create(uow, actor, data)


@get("/listings", tags=_TAGS, opt={"caller": "optional"})
async def list_listings(
    uow: UnitOfWork,
    actor: Actor,
    listings: ListingService,
    organisation_id: str | None = None,
    listing_state: Annotated[ListingState | None, QueryParameter(name="state")] = None,
    cursor: str | None = None,
    limit: Annotated[int, Parameter(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> PageAnswer[ListingSummary]:
    """An organisation's listings, newest first: all of one's own, the published ones of others.

    One's personal organisation when `organisation_id` is left out.
    """
    chosen = organisation_id or actor.acting_for(None)
    if listing_state is None and not actor.belongs_to(chosen):
        listing_state = "published"
    page = await listings.of_organisation(
        uow, chosen, state=listing_state, cursor=cursor, limit=limit
    )
    return PageAnswer(items=page.items, next_cursor=page.next_cursor)


@get("/listings/{listing_id:str}", tags=_TAGS)
async def get_listing(
    listing_id: str,
    request: Request[Any, Any, State],
    uow: UnitOfWork,
    listings: ListingService,
    listing_watcher: Service[ListingWatcher],
) -> Listing:
    """A listing with its active offers and newest versions; drafts only for their owners."""
    listing = await listings.get(uow, listing_id)
    listing_watcher.viewed(request, listing.id)
    return listing


@get("/listings/by-address/{owner:str}/{slug:str}", tags=_TAGS)
async def get_listing_by_address(
    owner: str,
    slug: str,
    request: Request[Any, Any, State],
    uow: UnitOfWork,
    listings: ListingService,
    listing_watcher: Service[ListingWatcher],
) -> Listing:
    """The listing at `owner/slug`."""
    listing = await listings.by_address(uow, owner, slug)
    listing_watcher.viewed(request, listing.id)
    return listing


@patch("/listings/{listing_id:str}", tags=_TAGS)
async def edit_listing(
    listing_id: str,
    data: ListingUpdate,
    uow: UnitOfWork,
    actor: Actor,
    listing_editor: ListingEditor,
) -> Listing:
    """Changes what was said; fields left out stay, and a new card fills those that are empty."""
    return await listing_editor.edit(uow, actor, listing_id, data)


@post("/listings/{listing_id:str}/retire", tags=_TAGS, status_code=200)
async def retire_listing(
    listing_id: str, uow: UnitOfWork, actor: Actor, listing_editor: ListingEditor
) -> Listing:
    """Takes a listing off the market. Who owns a licence keeps it; publishing brings it back."""
    return await listing_editor.retire(uow, actor, listing_id)


@post("/listings/{listing_id:str}/versions", tags=_TAGS)
async def add_version(
    listing_id: str,
    data: VersionRequest,
    uow: UnitOfWork,
    actor: Actor,
    publisher: Publisher,
) -> Version:
    """Names a tree of uploaded files with a semantic version that never moves."""
    return await publisher.add_version(uow, actor, listing_id, data)


@get("/listings/{listing_id:str}/versions/{version:str}", tags=_TAGS)
async def get_version(
    listing_id: str, version: str, uow: UnitOfWork, listings: ListingService
) -> Version:
    """One version with its files."""
    return await listings.version(uow, listing_id, version)


@post("/listings/{listing_id:str}/versions/{version:str}/current", tags=_TAGS, status_code=200)
async def make_version_current(
    listing_id: str, version: str, uow: UnitOfWork, actor: Actor, publisher: Publisher
) -> Listing:
    """Rolls back, or forward: buyers get this published version from now on."""
    return await publisher.make_current(uow, actor, listing_id, version)


@post(
    "/listings/{listing_id:str}/publish",
    tags=_TAGS,
    status_code=200,
    opt={"transaction": "own"},
)
async def publish_listing(
    listing_id: str, actor: Actor, publisher: Publisher, data: PublishRequest | None = None
) -> Listing:
    """Makes a version public (the newest, unless the body names one), and the listing with it.

    Waits some seconds for safety scans under way, then answers 409 `scan_pending`: ask again.
    """
    version = None if data is None else data.version
    return await publisher.publish_when_scanned(actor, listing_id, version=version)


@post(
    "/listings/import",
    tags=_TAGS,
    status_code=200,
    request_max_body_size=MAX_IMPORT_BYTES,
    opt={"body_limit": MAX_IMPORT_BYTES},
)
async def import_listings(
    data: ImportRequest, uow: UnitOfWork, actor: Actor, listing_importer: ListingImporter
) -> ImportAnswer:
    """Up to 1,000 listings by the same rules as one by one; each is taken whole or not at all."""
    return await listing_importer.run(uow, actor, data)


ROUTES = [
    create_listing,
    list_listings,
    get_listing,
    get_listing_by_address,
    edit_listing,
    retire_listing,
    add_version,
    get_version,
    make_version_current,
    publish_listing,
    import_listings,
]
