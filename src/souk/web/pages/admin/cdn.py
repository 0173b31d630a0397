"""The edge nodes: where they are, how they do, and whether anybody is sent there."""

from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Invalid
from souk.web.market import Market
from souk.web.pages.addresses import see_other
from souk.web.pages.cdn_words import MAP_HEIGHT, MAP_WIDTH, marks, priced
from souk.web.render import Pages
from souk.web.shell import Shell

HERE: Final = "/admin/cdn"
HOURS: Final = 24
SELLERS: Final = 10
WANTED: Final = frozenset({"ready", "draining", "removed"})


@get(HERE)
async def cdn_page(
    uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """The map, regions with their nodes, and what these served in the last day."""
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
    found = await market.cdn.figures.analytics(uow, actor, hours=HOURS, organisation_id=None)
    alerts = await market.cdn.alerting.history(uow, actor, limit=20)
    sellers = found.sellers[:SELLERS]
    names = await market.organisations.many(uow, [one.key for one in sellers])
    return pages.answer(
        template,
        shell,
        here=HERE,
        at=HERE,
        regions=regions,
        found=found,
        marks=marks(regions, found.regions),
        map_size=(MAP_WIDTH, MAP_HEIGHT),
        served={one.key: one for one in found.nodes},
        sellers=[(names[one.key].name if one.key in names else one.key, one) for one in sellers],
        alerts=[one for one in alerts if one.state == "raised"],
        ready=sum(node.state == "ready" for region in regions for node in region.nodes),
        nodes=sum(len(region.nodes) for region in regions),
        now=uow.now,
        priced=priced,
    )


ROUTES = [cdn_page, cdn_now, change_node]
