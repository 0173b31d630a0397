"""HTTP: how many nodes regions have (admins)."""

from typing import Annotated

from litestar import delete, get, post, put
from litestar.params import Parameter

from souk.delivery.cdn.scaling import ScalingService
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.cdn_operations import (
    Instance,
    Instances,
    NodeOrder,
    NodeOrderRequest,
    ScalingDecisions,
    ScalingPolicies,
    ScalingPolicy,
    ScalingPolicyRequest,
)

Limit = Annotated[int, Parameter(ge=1, le=500)]


@get("/cdn/scaling", tags=["delivery"])
async def list_scaling(uow: UnitOfWork, actor: Actor, scaling: ScalingService) -> ScalingPolicies:
    """Every region's scaling policy, with how the region is (admins)."""
    return await scaling.list(uow, actor)


@get("/cdn/scaling/{region:str}", tags=["delivery"])
async def show_scaling(
    region: str, uow: UnitOfWork, actor: Actor, scaling: ScalingService
) -> ScalingPolicy:
    """A region's scaling policy (admins)."""
    return await scaling.get(uow, actor, region)


@put("/cdn/scaling/{region:str}", tags=["delivery"])
async def set_scaling(
    region: str,
    data: ScalingPolicyRequest,
    uow: UnitOfWork,
    actor: Actor,
    scaling: ScalingService,
) -> ScalingPolicy:
    """Sets how many nodes a region has: minimum, maximum, target load, cool-down (admins)."""
    return await scaling.set(uow, actor, region, data)


@delete("/cdn/scaling/{region:str}", tags=["delivery"])
async def remove_scaling(
    region: str, uow: UnitOfWork, actor: Actor, scaling: ScalingService
) -> None:
    """Ends a policy, and drains the nodes that run by it (admins)."""
    await scaling.remove(uow, actor, region)


@get("/cdn/scaling-decisions", tags=["delivery"])
async def list_decisions(
    uow: UnitOfWork,
    actor: Actor,
    scaling: ScalingService,
    region: str | None = None,
    limit: Limit = 50,
) -> ScalingDecisions:
    """What scaling has decided and why, the newest first (admins)."""
    found = await scaling.decisions(uow, actor, region=region, limit=limit)
    return ScalingDecisions(items=[*found])


@post("/cdn/nodes", tags=["delivery"])
async def order_node(
    data: NodeOrderRequest, uow: UnitOfWork, actor: Actor, scaling: ScalingService
) -> NodeOrder:
    """Makes a node: a join token for a machine of your own, or one a provider runs (admins)."""
    return await scaling.order(uow, actor, data)


@get("/cdn/instances", tags=["delivery"])
async def list_instances(uow: UnitOfWork, actor: Actor, scaling: ScalingService) -> Instances:
    """The nodes that providers run for the marketplace (admins)."""
    return Instances(items=[*await scaling.instances(uow, actor)])


@delete("/cdn/instances/{instance_id:str}", tags=["delivery"], status_code=200)
async def let_instance_go(
    instance_id: str, uow: UnitOfWork, actor: Actor, scaling: ScalingService
) -> Instance:
    """Drains a node that a provider runs, then ends it (admins)."""
    return await scaling.let_go(uow, actor, instance_id)


ROUTES = [
    list_scaling,
    show_scaling,
    set_scaling,
    remove_scaling,
    list_decisions,
    order_node,
    list_instances,
    let_instance_go,
]
