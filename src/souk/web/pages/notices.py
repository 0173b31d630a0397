"""The bell and the list behind it."""

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.web.forms import PageRequest
from souk.web.market import Market
from souk.web.pages.addresses import paging, see_other
from souk.web.render import Pages
from souk.web.shell import Shell

PAGE_SIZE = 30


@get("/notices")
async def notices_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """The caller's notices, newest first."""
    actor.require_user()
    cursor = request.query_params.get("cursor") or None
    page = await market.notices.page(uow, actor, cursor=cursor, limit=PAGE_SIZE)
    return pages.answer(
        "pages/notices.html",
        shell,
        here="/notices",
        notices=page.items,
        paging=paging("/notices", cursor, page.next_cursor),
    )


@get("/notices/bell")
async def bell(actor: Actor, shell: Shell, pages: Pages) -> Response[str]:
    """The unread mark alone, for the page to renew it."""
    actor.require_user()
    return pages.answer("components/bell.html", shell)


@post("/notices/read")
async def mark_read(uow: UnitOfWork, actor: Actor, market: Market) -> Redirect:
    """Marks all as read."""
    await market.notices.mark_read(uow, actor, None)
    return see_other("/notices")


ROUTES = [notices_page, bell, mark_read]
