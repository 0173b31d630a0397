"""HTTP: where works are kept ahead of their users."""

from litestar import delete, get, post

from souk.delivery.cdn.placement import PlacementService
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.cdn_operations import Placement, PlacementRequest, Placements, Replicas


@post("/cdn/placements", tags=["delivery"])
async def add_placement(
    data: PlacementRequest, uow: UnitOfWork, actor: Actor, placements: PlacementService
) -> Placement:
    """Lets nodes of some regions fetch a work ahead: pinned, once, or whenever it is published."""
    return await placements.add(uow, actor, data)


@get("/cdn/placements", tags=["delivery"])
async def list_placements(
    uow: UnitOfWork,
    actor: Actor,
    placements: PlacementService,
    organisation_id: str | None = None,
) -> Placements:
    """An organisation's placements, with how far each node has come."""
    return Placements(items=[*await placements.list(uow, actor, organisation_id)])


@get("/cdn/placements/{placement_id:str}", tags=["delivery"])
async def show_placement(
    placement_id: str, uow: UnitOfWork, actor: Actor, placements: PlacementService
) -> Placement:
    """One placement, with how far each node has come."""
    return await placements.get(uow, actor, placement_id)


@delete("/cdn/placements/{placement_id:str}", tags=["delivery"])
async def remove_placement(
    placement_id: str, uow: UnitOfWork, actor: Actor, placements: PlacementService
) -> None:
    """Ends a placement: from then on the caches decide about these files."""
    await placements.remove(uow, actor, placement_id)


@get("/cdn/replicas", tags=["delivery"])
async def list_replicas(uow: UnitOfWork, actor: Actor, placements: PlacementService) -> Replicas:
    """Popular files that are kept in regions where they are asked for (admins)."""
    return await placements.replicas(uow, actor)


ROUTES = [add_placement, list_placements, show_placement, remove_placement, list_replicas]
