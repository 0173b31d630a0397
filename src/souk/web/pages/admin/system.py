"""The running marketplace, renewed while the operator looks."""

from litestar import Response, get

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.web.market import Market
from souk.web.render import Pages
from souk.web.shell import Shell

HERE = "/admin/system"


@get(HERE)
async def system_page(
    uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """Requests, queues, the database, the disk, processes."""
    system = await market.operations.system(uow, actor)
    return pages.answer("pages/admin/system.html", shell, here=HERE, system=system)


@get("/admin/system/now")
async def system_now(
    uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """The numbers alone, for the page to renew them."""
    system = await market.operations.system(uow, actor)
    return pages.answer("pages/admin/system_now.html", shell, system=system)


ROUTES = [system_page, system_now]
