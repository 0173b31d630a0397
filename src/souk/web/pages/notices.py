"""The bell and the list behind it."""

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.web.forms import PageRequest, posted
from souk.web.market import Market
from souk.web.pages.addresses import local_path, paging, see_other
from souk.web.render import Pages
from souk.web.shell import Shell

HERE = "/notices"
PAGE_SIZE = 30


@get(HERE)
async def notices_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """The caller's notices, newest first; only the unread ones with `show=unread`."""
    actor.require_user()
    cursor = request.query_params.get("cursor") or None
    unread_only = request.query_params.get("show") == "unread"
    page = await market.notices.page(
        uow, actor, cursor=cursor, limit=PAGE_SIZE, unread_only=unread_only
    )
    return pages.answer(
        "pages/notices.html",
        shell,
        here=HERE,
        notices=page.items,
        unread_only=unread_only,
        paging=paging(HERE, cursor, page.next_cursor, show="unread" if unread_only else ""),
    )


@get("/notices/bell")
async def bell(actor: Actor, shell: Shell, pages: Pages) -> Response[str]:
    """The unread mark alone, for the page to renew it."""
    actor.require_user()
    return pages.answer("components/bell.html", shell)


@post("/notices/read")
async def mark_all_read(
    request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Marks all as read."""
    fields = await posted(request)
    await market.notices.mark_read(uow, actor, None)
    return see_other(local_path(fields.get("back"), default=HERE))


@post("/notices/{notice_id:str}/read")
async def mark_read(
    notice_id: str, request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Marks one as read."""
    fields = await posted(request)
    await market.notices.mark_read(uow, actor, notice_id)
    return see_other(local_path(fields.get("back"), default=HERE))


@post("/notices/{notice_id:str}/open")
async def open_notice(notice_id: str, uow: UnitOfWork, actor: Actor, market: Market) -> Redirect:
    """Marks one as read and goes to what it is about."""
    notice = await market.notices.open(uow, actor, notice_id)
    return see_other(local_path(notice.link or "", default=HERE))


ROUTES = [notices_page, bell, mark_all_read, mark_read, open_notice]
