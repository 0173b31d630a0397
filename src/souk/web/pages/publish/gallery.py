"""The pictures of a listing: adding, describing, ordering, removing them. Works without scripts."""

from typing import Final

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import Form, PageRequest, posted
from souk.web.market import Market
from souk.web.pages.addresses import see_other
from souk.web.pages.publish.draft import draft
from souk.web.render import Pages
from souk.web.shell import Shell
from souk.works.galleries.api import MAX_IMAGES, GalleryImage
from souk_client.contracts.works import Listing

MAX_BODY_BYTES: Final = 20 * 2**20
_FIELDS: Final = {
    "alt_missing": "alt",
    "image_unreadable": "picture",
    "image_too_large": "picture",
    "image_taken": "picture",
}


@get("/publish/{listing_id:str}/gallery")
async def gallery_page(
    listing_id: str, uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """The pictures that are there, and a form for another."""
    listing = await draft(uow, actor, market, listing_id)
    images = await market.galleries.of(uow, listing.id)
    return _page(shell, pages, listing, images, Form())


@post(
    "/publish/{listing_id:str}/gallery",
    request_max_body_size=MAX_BODY_BYTES,
    opt={"body_limit": MAX_BODY_BYTES},
)
async def add_picture(
    listing_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Takes a picture of the form, which is sent as `multipart/form-data`."""
    fields = await posted(request)
    sent = (await request.form()).get("picture")
    content = await sent.read() if isinstance(sent, UploadFile) else b""
    listing = await draft(uow, actor, market, listing_id)
    images = await market.galleries.of(uow, listing.id)
    form = Form(values={"alt": fields.get("alt")})
    if not content:
        form = Form(values=form.values, errors={"picture": "Choose a picture."})
        return _page(shell, pages, listing, images, form, status=422)
    try:
        await market.galleries.add_content(
            uow, actor, listing.id, content=content, alt=fields.get("alt")
        )
    except SoukError as error:
        refused = form.refused(error, _FIELDS)
        return _page(shell, pages, listing, images, refused, status=error.status)
    return see_other(f"/publish/{listing.id}/gallery")


@post("/publish/{listing_id:str}/gallery/{image_id:str}")
async def change_picture(
    listing_id: str,
    image_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """What the pressed button says: other words, a place earlier or later, or out."""
    fields = await posted(request)
    listing = await draft(uow, actor, market, listing_id)
    images = await market.galleries.of(uow, listing.id)
    galleries = market.galleries
    try:
        match fields.get("do"):
            case "remove":
                await galleries.remove(uow, actor, listing.id, image_id)
            case "earlier" | "later" as way:
                order = moved([image.id for image in images], image_id, later=way == "later")
                await galleries.order(uow, actor, listing.id, order)
            case _:
                await galleries.describe(uow, actor, listing.id, image_id, alt=fields.get("alt"))
    except SoukError as error:
        form = Form().refused(error)
        return _page(shell, pages, listing, images, form, status=error.status)
    return see_other(f"/publish/{listing.id}/gallery")


def moved(order: list[str], name: str, *, later: bool) -> list[str]:
    """The order with this one a place further; the same when it stands at that end, or nowhere."""
    if name not in order:
        return order
    at = order.index(name)
    to = min(len(order) - 1, at + 1) if later else max(0, at - 1)
    rest = [other for other in order if other != name]
    return [*rest[:to], name, *rest[to:]]


def _page(
    shell: Shell,
    pages: Pages,
    listing: Listing,
    images: list[GalleryImage],
    form: Form,
    *,
    status: int = 200,
) -> Response[str]:
    return pages.answer(
        "pages/publish/gallery.html",
        shell,
        status=status,
        listing=listing,
        images=images,
        max_images=MAX_IMAGES,
        form=form,
    )


ROUTES = [gallery_page, add_picture, change_picture]
