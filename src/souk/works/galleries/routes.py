"""HTTP: the pictures of a listing, and the addresses they are served at."""

from typing import Any

from litestar import Request, Response, delete, get, patch, post, put
from litestar.datastructures import State
from litestar.response import Stream

from souk.infra.http.dependencies import Service
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.works.galleries.errors import GalleryUnknown, ImageUnknown
from souk.works.galleries.service import MEDIA_TYPE, GalleryService
from souk.works.listings.api import Listings
from souk_client.contracts.galleries import (
    Gallery,
    GalleryImage,
    ImageAlt,
    ImageOrder,
    ImageRequest,
)

_TAGS = ["works"]
_MAX_AGE_S = 300
"""How long a picture may be shown after moderators hid its listing."""


@get("/listings/{listing_id:str}/images", tags=_TAGS)
async def list_images(
    listing_id: str, uow: UnitOfWork, galleries: GalleryService, listings: Service[Listings]
) -> Gallery:
    """A listing's pictures in their order."""
    if listing_id not in await listings.summaries(uow, [listing_id]):
        raise GalleryUnknown()
    return Gallery(images=await galleries.of(uow, listing_id))


@post("/listings/{listing_id:str}/images", tags=_TAGS)
async def add_image(
    listing_id: str, data: ImageRequest, uow: UnitOfWork, actor: Actor, galleries: GalleryService
) -> GalleryImage:
    """Puts an uploaded PNG, JPEG or WebP file at the end of the gallery.

    It is decoded in a process of its own, stripped of everything but its pixels, and kept in up to
    three widths.
    """
    return await galleries.add(uow, actor, listing_id, sha256=data.sha256, alt=data.alt)


@put("/listings/{listing_id:str}/images/order", tags=_TAGS)
async def order_images(
    listing_id: str, data: ImageOrder, uow: UnitOfWork, actor: Actor, galleries: GalleryService
) -> Gallery:
    """Shows the pictures in this order; names each of them once."""
    return Gallery(images=await galleries.order(uow, actor, listing_id, data.image_ids))


@patch("/listings/{listing_id:str}/images/{image_id:str}", tags=_TAGS)
async def describe_image(
    listing_id: str,
    image_id: str,
    data: ImageAlt,
    uow: UnitOfWork,
    actor: Actor,
    galleries: GalleryService,
) -> Gallery:
    """Says anew what a picture shows."""
    return Gallery(images=await galleries.describe(uow, actor, listing_id, image_id, alt=data.alt))


@delete("/listings/{listing_id:str}/images/{image_id:str}", tags=_TAGS, status_code=200)
async def remove_image(
    listing_id: str, image_id: str, uow: UnitOfWork, actor: Actor, galleries: GalleryService
) -> Gallery:
    """Takes a picture out of the gallery."""
    return Gallery(images=await galleries.remove(uow, actor, listing_id, image_id))


@get("/images/{image_id:str}/{name:str}", include_in_schema=False)
async def image(
    image_id: str,
    name: str,
    request: Request[Any, Any, State],
    uow: UnitOfWork,
    galleries: GalleryService,
) -> Response[Any]:
    """A picture in one width: `/images/img_…/640.webp`. What it shows never changes."""
    width, dot, kind = name.partition(".")
    if not (dot and kind == "webp" and width.isascii() and width.isdigit() and len(width) < 6):
        raise ImageUnknown()
    found = await galleries.served(uow, image_id, width=int(width))
    etag = f'"{found.sha256}"'
    headers = {
        "etag": etag,
        "cache-control": f"{'public' if found.is_public else 'private'}, max-age={_MAX_AGE_S}",
    }
    if request.headers.get("if-none-match") == etag:
        return Response(None, status_code=304, headers=headers)
    headers["content-length"] = str(found.size_bytes)
    return Stream(galleries.read(found), headers=headers, media_type=MEDIA_TYPE)


ROUTES = [list_images, add_image, order_images, describe_image, remove_image]
ROOT_ROUTES = [image]
