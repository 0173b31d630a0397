"""HTTP: the way to a node for everybody, and the CDN for who operates it."""

from typing import Annotated, Any

from litestar import Request, get, patch, post, put
from litestar.datastructures import State
from litestar.params import Parameter

from souk.delivery.cdn.fleet import Fleet
from souk.delivery.cdn.routing import Routing
from souk.delivery.cdn.service import CdnService
from souk.delivery.cdn.telling import Telling
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import scope_of
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.cdn import (
    CdnConfiguration,
    CdnConfigurationChange,
    CdnTraffic,
    JoinToken,
    JoinTokenRequest,
    Node,
    NodeChange,
    NodeChanged,
    Purge,
    PurgeRequest,
    Regions,
    Residency,
    ResidencyRequest,
    ResidencyRules,
    Route,
)

Country = Annotated[
    str | None, Parameter(pattern="^[A-Z]{2}$", description="ISO 3166-1, such as `PT`")
]
Hash = Annotated[str, Parameter(max_length=64, description="A file, so that a route is its own")]
Hours = Annotated[int, Parameter(ge=1, le=24 * 90)]


@get("/cdn/route", tags=["delivery"], opt={"transaction": "own"})
async def route(
    request: Request[Any, Any, State],
    routing: Routing,
    country: Country = None,
    sha256: Hash = "",
) -> Route:
    """The nodes for the caller's place (or for a country), the best one first."""
    address = str(request.scope["state"].get("address", ""))
    return await routing.route(address=address, country=country, sha256=sha256)


@get("/cdn/regions", tags=["delivery"])
async def regions(
    uow: UnitOfWork, actor: Actor, fleet: Fleet, region: str | None = None
) -> Regions:
    """Every region with its nodes, or one region (admins)."""
    return Regions(items=await fleet.regions(uow, actor, region=region))


@get("/cdn/nodes/{node_id:str}", tags=["delivery"])
async def node(node_id: str, uow: UnitOfWork, actor: Actor, fleet: Fleet) -> Node:
    """One node: its state, load, and what it holds (admins)."""
    return await fleet.node(uow, actor, node_id)


@patch("/cdn/nodes/{node_id:str}", tags=["delivery"])
async def change_node(
    node_id: str,
    data: NodeChange,
    uow: UnitOfWork,
    actor: Actor,
    fleet: Fleet,
    routing: Routing,
) -> NodeChanged:
    """Drains a node, lets it serve again, or removes it (admins)."""
    await fleet.change(uow, actor, node_id, state=data.state)
    uow.after_commit(routing.forget)
    return NodeChanged(node_id=node_id, state=data.state)


@post("/cdn/join-tokens", tags=["delivery"])
async def create_join_token(
    data: JoinTokenRequest, uow: UnitOfWork, actor: Actor, fleet: Fleet
) -> JoinToken:
    """Makes a token with which one node may join, once (admins)."""
    return await fleet.create_token(uow, actor, data)


@post("/cdn/purges", tags=["delivery"], status_code=200, opt={"transaction": "own"})
async def purge(
    data: PurgeRequest, actor: Actor, database: Database, cdn: CdnService, telling: Telling
) -> Purge:
    """Lets every node forget something, and says which have confirmed it.

    Admins purge anything; sellers the addresses and tags of their own works.
    """
    async with database.transaction(scope_of(actor)) as uow:
        number = await cdn.order_purge(uow, actor, data)
    nodes = await telling.push()
    return Purge(number=number, confirmed=all(node.confirmed for node in nodes), nodes=nodes)


@get("/cdn/configuration", tags=["delivery"])
async def show_configuration(uow: UnitOfWork, actor: Actor, cdn: CdnService) -> CdnConfiguration:
    """What the operator has set (admins)."""
    return await cdn.configuration(uow, actor)


@put("/cdn/configuration", tags=["delivery"])
async def set_configuration(
    data: CdnConfigurationChange, uow: UnitOfWork, actor: Actor, cdn: CdnService
) -> CdnConfiguration:
    """Sets it anew (admins)."""
    return await cdn.configure(uow, actor, data)


@get("/cdn/residency", tags=["delivery"])
async def show_residency(
    uow: UnitOfWork, actor: Actor, cdn: CdnService, organisation_id: str | None = None
) -> ResidencyRules:
    """Where an organisation's bytes may lie."""
    return ResidencyRules(items=await cdn.residency(uow, actor, organisation_id))


@put("/cdn/residency", tags=["delivery"])
async def set_residency(
    data: ResidencyRequest, uow: UnitOfWork, actor: Actor, cdn: CdnService
) -> Residency:
    """Says where a seller's bytes, or those of one work, may lie."""
    return await cdn.set_residency(uow, actor, data)


@get("/cdn/traffic", tags=["delivery"])
async def traffic(
    uow: UnitOfWork,
    actor: Actor,
    cdn: CdnService,
    hours: Hours = 24,
    organisation_id: str | None = None,
) -> CdnTraffic:
    """What was served, node by node: an organisation's, or without one everybody's (admins)."""
    return await cdn.traffic(uow, actor, hours=hours, organisation_id=organisation_id)


ROUTES = [
    route,
    regions,
    node,
    change_node,
    create_join_token,
    purge,
    show_configuration,
    set_configuration,
    show_residency,
    set_residency,
    traffic,
]
