"""Collections: what people curated, and curating."""

from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from souk.discovery.collections.api import move
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import NotFound, SoukError
from souk.web.forms import Form, PageRequest, Posted, posted, read
from souk.web.market import Market
from souk.web.pages.acting import acting
from souk.web.pages.addresses import local_path, paging, see_other
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.collections import (
    Collection,
    CollectionItemRequest,
    CollectionOrder,
    CollectionRequest,
    CollectionUpdate,
)

HERE: Final = "/collections"
PAGE_SIZE: Final = 24
MINE: Final = 100
_FIELDS: Final = {"collection_slug_taken": "slug"}


@get(HERE)
async def collections_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Public collections, and above them the visitor's own."""
    cursor = request.query_params.get("cursor") or None
    page = await market.collections.public(uow, cursor=cursor, limit=PAGE_SIZE)
    mine = []
    if actor.organisation_id is not None and cursor is None:
        for organisation_id in actor.memberships:
            own = await market.collections.of_organisation(uow, actor, organisation_id, limit=MINE)
            mine += own.items
    own_ids = {one.id for one in mine}
    return pages.answer(
        "pages/collections.html",
        shell,
        mine=mine,
        shared=[one for one in page.items if one.id not in own_ids],
        paging=paging(HERE, cursor, page.next_cursor),
    )


@get("/collections/new")
async def new_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """The form for a new collection."""
    who = await acting(request, uow, actor, market)
    form = Form(values={"visibility": "public", "organisation": who.organisation_id})
    return pages.answer("pages/collection_new.html", shell, form=form, who=who)


@post("/collections/new", status_code=200)
async def create(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Makes a collection and shows it."""
    fields = await posted(request)
    who = await acting(request, uow, actor, market, chosen=fields.get("organisation"))
    wanted, errors = read(
        CollectionRequest,
        {
            "title": fields.get("title"),
            "slug": fields.get("slug") or None,
            "description": fields.get("description"),
            "visibility": fields.get("visibility") or "public",
            "organisation_id": who.organisation_id,
        },
    )
    form = fields.form()
    if wanted is None:
        form = Form(values=form.values, errors=errors)
    else:
        try:
            made = await market.collections.create(uow, actor, wanted)
            return see_other(f"{HERE}/{made.address}")
        except SoukError as error:
            form = form.refused(error, _FIELDS)
    return pages.answer("pages/collection_new.html", shell, status=422, form=form, who=who)


@get("/collections/{owner:str}/{slug:str}")
async def collection_page(
    owner: str,
    slug: str,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """A collection with its works; for those who manage it with the means to change it."""
    collection = await market.collections.at(uow, owner, slug)
    return _page(pages, shell, actor, market, collection)


def _page(
    pages: Pages,
    shell: Shell,
    actor: Actor,
    market: Market,
    collection: Collection,
    *,
    form: Form | None = None,
) -> Response[str]:
    values = {
        "title": collection.title,
        "description": collection.description,
        "visibility": collection.visibility,
    }
    return pages.answer(
        "pages/collection.html",
        shell,
        status=422 if form else 200,
        collection=collection,
        may_edit=actor.manages(collection.owner.id),
        link=f"{market.settings.base_url}{HERE}/{collection.address}",
        form=form or Form(values=values),
    )


@post("/collections/_manage/{collection_id:str}/edit", status_code=200)
async def edit(
    collection_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Changes title, description, and who may see it."""
    fields = await posted(request)
    before = await market.collections.get(uow, collection_id)
    update, errors = read(
        CollectionUpdate,
        {name: fields.get(name) for name in ("title", "visibility")}
        | {"description": fields.get("description") or None},
    )
    if update is None:
        form = Form(values=fields.form().values, errors=errors)
        return _page(pages, shell, actor, market, before, form=form)
    if not fields.get("description"):
        update = CollectionUpdate(title=update.title, visibility=update.visibility, description="")
    await market.collections.edit(uow, actor, collection_id, update)
    return see_other(f"{HERE}/{before.address}")


@post("/collections/_manage/{collection_id:str}/items")
async def put_item(
    collection_id: str, request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Adds a work, by its id or its address, or changes its note."""
    fields = await posted(request)
    back = await _back(uow, market, collection_id, fields)
    listing_id = fields.get("listing_id")
    if not listing_id:
        owner, _, slug = fields.get("address").strip("/").rpartition("/")
        listing_id = (await market.listings.by_address(uow, owner.rpartition("/")[2], slug)).id
    wanted, _ = read(CollectionItemRequest, {"listing_id": listing_id, "note": fields.get("note")})
    if wanted is None:
        raise NotFound("listing_unknown", "There is no such work, or the note is too long.")
    await market.collections.put_item(uow, actor, collection_id, wanted)
    return see_other(back)


@post("/collections/_manage/{collection_id:str}/remove")
async def remove_item(
    collection_id: str, request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Takes a work out."""
    fields = await posted(request)
    back = await _back(uow, market, collection_id, fields)
    await market.collections.remove_item(uow, actor, collection_id, fields.get("listing_id"))
    return see_other(back)


@post("/collections/_manage/{collection_id:str}/move")
async def move_item(
    collection_id: str, request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Moves a work up or down by one."""
    fields = await posted(request)
    collection = await market.collections.get(uow, collection_id)
    held = [item.listing.id for item in collection.items]
    order = move(held, fields.get("listing_id"), by=-1 if fields.get("way") == "up" else 1)
    wanted = CollectionOrder(listing_ids=order)
    await market.collections.order(uow, actor, collection_id, wanted)
    return see_other(f"{HERE}/{collection.address}")


@post("/collections/_manage/{collection_id:str}/delete")
async def delete(collection_id: str, uow: UnitOfWork, actor: Actor, market: Market) -> Redirect:
    """Deletes the collection; its works stay."""
    await market.collections.delete(uow, actor, collection_id)
    return see_other(HERE)


async def _back(uow: UnitOfWork, market: Market, collection_id: str, fields: Posted) -> str:
    """To the page that asked, else to the collection."""
    collection = await market.collections.get(uow, collection_id)
    return local_path(fields.get("back"), default=f"{HERE}/{collection.address}")


ROUTES = [
    collections_page,
    new_page,
    create,
    collection_page,
    edit,
    put_item,
    remove_item,
    move_item,
    delete,
]
