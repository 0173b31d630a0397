"""Deliveries that were given up, and what waits in the outbox."""

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.web.forms import PageRequest
from souk.web.market import Market
from souk.web.pages.addresses import paging, see_other
from souk.web.pages.admin.shared import PAGE_SIZE, cursor_of
from souk.web.render import Pages
from souk.web.shell import Shell

HERE = "/admin/dead-letters"


@get(HERE)
async def dead_letters_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Newest first, with the last error of each."""
    cursor = cursor_of(request)
    page = await market.operations.dead_letters(uow, actor, cursor=cursor, limit=PAGE_SIZE)
    return pages.answer(
        "pages/admin/dead_letters.html",
        shell,
        here=HERE,
        letters=page.items,
        paging=paging(HERE, cursor, page.next_cursor),
    )


@post("/admin/dead-letters/{event_id:str}/{handler:str}/retry")
async def retry(
    event_id: str, handler: str, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Gives a delivery another set of attempts."""
    await market.operations.retry(uow, actor, event_id=event_id, handler=handler)
    return see_other(HERE)


@post("/admin/dead-letters/{event_id:str}/{handler:str}/discard")
async def discard(
    event_id: str, handler: str, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Gives a delivery up for good."""
    await market.operations.discard(uow, actor, event_id=event_id, handler=handler)
    return see_other(HERE)


ROUTES = [dead_letters_page, retry, discard]
