"""Schedules and durable workflows, with their state."""

from litestar import Response, get

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.web.market import Market
from souk.web.pages.admin.shared import PAGE_SIZE
from souk.web.render import Pages
from souk.web.shell import Shell

HERE = "/admin/schedules"


@get(HERE)
async def schedules_page(
    uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """What runs now and then, and what runs step by step."""
    return pages.answer(
        "pages/admin/schedules.html",
        shell,
        here=HERE,
        schedules=await market.operations.schedules(uow, actor),
        workflows=await market.operations.workflows(uow, actor, limit=PAGE_SIZE),
    )


ROUTES = [schedules_page]
