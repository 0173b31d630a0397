"""Users and what they may do."""

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.web.forms import PageRequest, posted
from souk.web.market import Market
from souk.web.pages.addresses import local_path, paging, see_other
from souk.web.pages.admin.shared import PAGE_SIZE, PERMISSION, cursor_of, words_of
from souk.web.render import Pages
from souk.web.shell import Shell

HERE = "/admin"


@get(HERE)
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
    words, cursor = words_of(request), cursor_of(request)
    page = await market.access.users(uow, actor, query=words, cursor=cursor, limit=PAGE_SIZE)
    return pages.answer(
        "pages/admin/users.html",
        shell,
        here=HERE,
        users=page.items,
        find=words,
        paging=paging(HERE, cursor, page.next_cursor, find=words),
    )


@post("/admin/users/{user_id:str}/roles")
async def set_roles(
    user_id: str, request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """What a user may do."""
    fields = await posted(request)
    known = [role for role in ("buyer", "seller", "admin") if role in fields.all("role")]
    await market.access.set_roles(uow, actor, user_id, roles=known)
    return see_other(local_path(fields.get("back"), default=HERE))


ROUTES = [users_page, set_roles]
