"""Organisations, and how many belong to each."""

from litestar import Response, get

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.web.forms import PageRequest
from souk.web.market import Market
from souk.web.pages.addresses import paging
from souk.web.pages.admin.shared import PAGE_SIZE, PERMISSION, cursor_of, words_of
from souk.web.render import Pages
from souk.web.shell import Shell

HERE = "/admin/organisations"


@get(HERE)
async def organisations_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Every organisation, newest first."""
    actor.require(PERMISSION)
    words, cursor = words_of(request), cursor_of(request)
    page = await market.organisations.directory(
        uow, actor, query=words, cursor=cursor, limit=PAGE_SIZE
    )
    return pages.answer(
        "pages/admin/organisations.html",
        shell,
        here=HERE,
        organisations=page.items,
        find=words,
        paging=paging(HERE, cursor, page.next_cursor, find=words),
    )


ROUTES = [organisations_page]
