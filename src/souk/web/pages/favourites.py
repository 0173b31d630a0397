"""Favourites, and the sellers that somebody follows."""

from typing import Any

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.insight.analytics.api import FavouriteAdded, visit_of
from souk.kernel.actor import Actor
from souk.web.forms import PageRequest, posted
from souk.web.market import Market
from souk.web.pages.addresses import local_path, paging, see_other, with_query
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.collections import FavouriteState

HERE = "/favourites"
FOLLOWING = "/following"
PAGE_SIZE = 24


@get(HERE)
async def favourites_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """The caller's favourites that are on the market, the latest first."""
    actor.require_user()
    cursor = request.query_params.get("cursor") or None
    page = await market.collections.favourites_of(uow, actor, cursor=cursor, limit=PAGE_SIZE)
    return pages.answer(
        "pages/favourites.html",
        shell,
        here=HERE,
        listings=[one.listing for one in page.items],
        paging=paging(HERE, cursor, page.next_cursor),
    )


@post("/favourites/toggle", status_code=200)
async def toggle(
    request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Response[Any]:  # the new state for scripts, else the way back to the page
    """Adds or removes a favourite."""
    fields = await posted(request)
    back = local_path(fields.get("back"))
    if actor.user_id is None:
        return see_other(with_query("/sign-in", {"next": back}))
    wanted = fields.get("add")
    listing_id = wanted or fields.get("remove")
    state = await market.collections.toggle_favourite(uow, actor, listing_id, on=bool(wanted))
    if wanted:
        market.analytics.record(FavouriteAdded(visit=visit_of(request), listing_id=listing_id))
    if "application/json" in request.headers.get("accept", ""):
        return Response[FavouriteState](state, media_type="application/json")
    return see_other(back)


@get(FOLLOWING)
async def following_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """The sellers that the caller follows."""
    actor.require_user()
    cursor = request.query_params.get("cursor") or None
    page = await market.collections.followed_by(uow, actor, cursor=cursor, limit=PAGE_SIZE)
    return pages.answer(
        "pages/following.html",
        shell,
        here=HERE,
        followed=page.items,
        paging=paging(FOLLOWING, cursor, page.next_cursor),
    )


@post("/following/{seller:str}")
async def follow(
    seller: str, request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Follows a seller, or no more."""
    fields = await posted(request)
    back = local_path(fields.get("back"), default=FOLLOWING)
    if actor.user_id is None:
        return see_other(with_query("/sign-in", {"next": back}))
    await market.collections.toggle_follow(uow, actor, seller, on=fields.get("follow") != "no")
    return see_other(back)


ROUTES = [favourites_page, toggle, following_page, follow]
