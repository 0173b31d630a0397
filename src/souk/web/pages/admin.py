"""For the operator: users, listings, the quarantine, deliveries that were given up."""

from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from souk.discovery.search.api import SearchQuestion, Sort
from souk.infra.outbox import store as outbox
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import NotFound
from souk.web.forms import PageRequest, posted
from souk.web.market import Market
from souk.web.pages.addresses import paging, see_other
from souk.web.render import Pages
from souk.web.shell import Shell

PERMISSION: Final = "marketplace:administer"
PAGE_SIZE: Final = 50


@get("/admin")
async def users_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Users and their roles."""
    actor.require(PERMISSION)
    words = request.query_params.get("find", "")[:200]
    cursor = _cursor(request)
    page = await market.access.users(uow, actor, query=words, cursor=cursor, limit=PAGE_SIZE)
    return pages.answer(
        "pages/admin/users.html",
        shell,
        here="/admin",
        users=page.items,
        find=words,
        paging=paging("/admin", cursor, page.next_cursor, find=words),
    )


@post("/admin/users/{user_id:str}/roles")
async def set_roles(
    user_id: str, request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """What a user may do."""
    fields = await posted(request)
    known = [role for role in ("buyer", "seller", "admin") if role in fields.all("role")]
    await market.access.set_roles(uow, actor, user_id, roles=known)
    return see_other("/admin")


@get("/admin/listings")
async def listings_page(
    request: PageRequest,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """What is on the market, newest first."""
    actor.require(PERMISSION)
    words = request.query_params.get("find", "")[:200]
    cursor = _cursor(request)
    sort = Sort.RELEVANCE if words else Sort.NEWEST
    page = await market.search.search(
        SearchQuestion(text=words, sort=sort, cursor=cursor, limit=PAGE_SIZE)
    )
    return pages.answer(
        "pages/admin/listings.html",
        shell,
        here="/admin/listings",
        listings=[hit.listing for hit in page.items],
        find=words,
        total=page.total,
        paging=paging("/admin/listings", cursor, page.next_cursor, find=words),
    )


@get("/admin/quarantine")
async def quarantine_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Files that the scan refused, with the reasons."""
    actor.require(PERMISSION)
    cursor = _cursor(request)
    page = await market.quarantine.quarantine(uow, actor, cursor=cursor, limit=PAGE_SIZE)
    return pages.answer(
        "pages/admin/quarantine.html",
        shell,
        here="/admin/quarantine",
        artifacts=page.items,
        paging=paging("/admin/quarantine", cursor, page.next_cursor),
    )


@get("/admin/dead-letters")
async def dead_letters_page(
    uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages
) -> Response[str]:
    """Deliveries that were given up, with the last error."""
    actor.require(PERMISSION)
    return pages.answer(
        "pages/admin/dead_letters.html",
        shell,
        here="/admin/dead-letters",
        letters=await outbox.dead_letters(uow, limit=PAGE_SIZE),
        paging=paging("/admin/dead-letters", None, None),
    )


@post("/admin/dead-letters/{event_id:str}/{handler:str}/retry")
async def retry(event_id: str, handler: str, uow: UnitOfWork, actor: Actor) -> Redirect:
    """Gives a delivery another set of attempts."""
    actor.require(PERMISSION)
    if not await outbox.revive(uow, event_id=event_id, handler=handler):
        raise NotFound("delivery_unknown", "There is no such delivery among the dead ones.")
    return see_other("/admin/dead-letters")


def _cursor(request: PageRequest) -> str | None:
    return request.query_params.get("cursor") or None


ROUTES = [
    users_page,
    set_roles,
    listings_page,
    quarantine_page,
    dead_letters_page,
    retry,
]
