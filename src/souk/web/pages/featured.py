"""For the operator: which works the front page features, in which order, and how long."""

from datetime import UTC, datetime
from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from souk.discovery.collections.api import move
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import Form, PageRequest, posted, read
from souk.web.market import Market
from souk.web.pages.addresses import see_other
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.collections import FeaturedRequest

HERE: Final = "/admin/featured"
PERMISSION: Final = "marketplace:feature"
_FIELDS: Final = {
    "listing_unknown": "address",
    "listing_not_published": "address",
    "featured_times": "ends_at",
}


@get(HERE)
async def featured_page(
    uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """All that is featured now, was, or will be."""
    actor.require(PERMISSION)
    return await _page(uow, actor, shell, pages, market, form=Form())


async def _page(
    uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market, *, form: Form
) -> Response[str]:
    return pages.answer(
        "pages/admin/featured.html",
        shell,
        status=422 if form.errors or form.problem else 200,
        here=HERE,
        featured=await market.collections.all_featured(uow, actor),
        form=form,
    )


@post(HERE, status_code=200)
async def feature(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Features a work at the end of the list, or changes its time and note."""
    actor.require(PERMISSION)
    fields = await posted(request)
    form = fields.form()
    known = await market.collections.all_featured(uow, actor)
    try:
        owner, _, slug = fields.get("address").strip("/").rpartition("/")
        listing = await market.listings.by_address(uow, owner.rpartition("/")[2], slug)
        place = next((one.position for one in known if one.listing.id == listing.id), None)
        wanted, errors = read(
            FeaturedRequest,
            {
                "listing_id": listing.id,
                "position": place or len(known) + 1,
                "starts_at": _moment(fields.get("starts_at")),
                "ends_at": _moment(fields.get("ends_at")),
                "note": fields.get("note"),
            },
        )
        if wanted is not None:
            await market.collections.feature(uow, actor, wanted)
            return see_other(HERE)
        form = Form(values=form.values, errors=errors)
    except SoukError as error:
        form = form.refused(error, _FIELDS)
    return await _page(uow, actor, shell, pages, market, form=form)


@post("/admin/featured/{listing_id:str}/move")
async def move_featured(
    listing_id: str, request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Moves a work up or down by one."""
    fields = await posted(request)
    known = await market.collections.all_featured(uow, actor)
    by = -1 if fields.get("way") == "up" else 1
    order = move([one.listing.id for one in known], listing_id, by=by)
    await market.collections.order_featured(uow, actor, order)
    return see_other(HERE)


@post("/admin/featured/{listing_id:str}/remove")
async def remove_featured(
    listing_id: str, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Takes a work off the front page."""
    await market.collections.unfeature(uow, actor, listing_id)
    return see_other(HERE)


def _moment(text: str) -> str | None:
    """A day and time as the browser's field gives it, in UTC; as it is when it is none."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()


ROUTES = [featured_page, feature, move_featured, remove_featured]
