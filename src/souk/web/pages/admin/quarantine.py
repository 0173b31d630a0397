"""Files that the scan refused, with the reasons."""

from litestar import Response, get

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.web.forms import PageRequest
from souk.web.market import Market
from souk.web.pages.addresses import paging
from souk.web.pages.admin.shared import PAGE_SIZE, PERMISSION, cursor_of
from souk.web.render import Pages
from souk.web.shell import Shell

HERE = "/admin/quarantine"


@get(HERE)
async def quarantine_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Newest first."""
    actor.require(PERMISSION)
    cursor = cursor_of(request)
    page = await market.quarantine.quarantine(uow, actor, cursor=cursor, limit=PAGE_SIZE)
    return pages.answer(
        "pages/admin/quarantine.html",
        shell,
        here=HERE,
        artifacts=page.items,
        paging=paging(HERE, cursor, page.next_cursor),
    )


ROUTES = [quarantine_page]
