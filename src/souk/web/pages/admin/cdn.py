"""The edge nodes: where they are, how they do, and whether anybody is sent there."""

from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Invalid
from souk.web.market import Market
from souk.web.pages.addresses import see_other
from souk.web.render import Pages
from souk.web.shell import Shell

HERE: Final = "/admin/cdn"
HOURS: Final = 24
WANTED: Final = frozenset({"ready", "draining", "removed"})


@get(HERE)
async def cdn_page(
    uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """Regions with their nodes, and what these served in the last day."""
    return await _answer("pages/admin/cdn.html", uow, actor, shell, pages, market)


@get("/admin/cdn/now")
async def cdn_now(
    uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """The same without the page around it, for the page to renew it."""
    return await _answer("pages/admin/cdn_now.html", uow, actor, shell, pages, market)


@post("/admin/cdn/{node_id:str}/{wanted:str}")
async def change_node(
    node_id: str, wanted: str, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Drains a node, lets it serve again, or removes it."""
    if wanted not in WANTED:
        raise Invalid("node_state_invalid", "A node is set to ready, draining or removed.")
    await market.nodes.change(uow, actor, node_id, state=wanted)
    return see_other(HERE)


async def _answer(
    template: str, uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    regions = await market.nodes.regions(uow, actor, region=None)
    traffic = await market.traffic.traffic(uow, actor, hours=HOURS, organisation_id=None)
    return pages.answer(
        template,
        shell,
        here=HERE,
        regions=regions,
        traffic=traffic,
        served={node.node_id: node for node in traffic.nodes},
        ready=sum(node.state == "ready" for region in regions for node in region.nodes),
        nodes=sum(len(region.nodes) for region in regions),
        at=uow.now,
    )


ROUTES = [cdn_page, cdn_now, change_node]
