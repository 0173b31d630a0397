"""HTTP: assets, for their owners."""

from typing import Annotated

from litestar import delete, get, post, put
from litestar.params import Parameter

from souk.delivery.assets.ports import Nodes
from souk.delivery.assets.service import AssetService
from souk.delivery.assets.store import AssetRow
from souk.infra.http.dependencies import Service
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import scope_of
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import DEFAULT_LIMIT, MAX_LIMIT
from souk_client.contracts.assets import Asset, AssetPurged, AssetRequest, AssetUsage
from souk_client.contracts.base import PageAnswer

Limit = Annotated[int, Parameter(ge=1, le=MAX_LIMIT)]
Prefix = Annotated[str, Parameter(max_length=512, description="Only paths that begin so")]
_TAGS = ["delivery"]


@put("/assets", tags=_TAGS)
async def put_asset(
    data: AssetRequest, uow: UnitOfWork, actor: Actor, assets: AssetService
) -> Asset:
    """Puts an uploaded file at a path, in place of what was there; nodes forget the old one.

    Upload it first (`POST /uploads`). It is refused until its safety scan is done.
    """
    return await assets.put(uow, actor, data)


@get("/assets", tags=_TAGS)
async def list_assets(
    uow: UnitOfWork,
    actor: Actor,
    assets: AssetService,
    organisation_id: str | None = None,
    prefix: Prefix = "",
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageAnswer[Asset]:
    """An organisation's assets in the order of their paths; the caller's own when none is named."""
    page = await assets.listed(
        uow, actor, organisation_id=organisation_id, prefix=prefix, cursor=cursor, limit=limit
    )
    return PageAnswer(items=page.items, next_cursor=page.next_cursor)


@get("/assets/usage", tags=_TAGS)
async def asset_usage(
    uow: UnitOfWork, actor: Actor, assets: AssetService, organisation_id: str | None = None
) -> AssetUsage:
    """How much room an organisation's assets take, and how much there is."""
    return await assets.usage(uow, actor, organisation_id=organisation_id)


@get("/assets/{asset_id:str}", tags=_TAGS)
async def get_asset(asset_id: str, uow: UnitOfWork, actor: Actor, assets: AssetService) -> Asset:
    """One of the caller's assets."""
    return await assets.get(uow, actor, asset_id)


@delete("/assets/{asset_id:str}", tags=_TAGS, status_code=200, opt={"transaction": "own"})
async def delete_asset(
    asset_id: str,
    actor: Actor,
    database: Database,
    assets: AssetService,
    asset_nodes: Service[Nodes],
) -> AssetPurged:
    """Takes an asset away, here and at every node, and says which nodes have confirmed it."""
    async with database.transaction(scope_of(actor)) as uow:
        row = await assets.remove(uow, actor, asset_id)
    return await _told(row, asset_nodes)


@post("/assets/{asset_id:str}/purge", tags=_TAGS, status_code=200, opt={"transaction": "own"})
async def purge_asset(
    asset_id: str,
    actor: Actor,
    database: Database,
    assets: AssetService,
    asset_nodes: Service[Nodes],
) -> AssetPurged:
    """Has every node forget an asset and fetch it anew, and says which have confirmed it."""
    async with database.transaction(scope_of(actor)) as uow:
        row = await assets.purge(uow, actor, asset_id)
    return await _told(row, asset_nodes)


async def _told(row: AssetRow, nodes: Nodes) -> AssetPurged:
    said = list(await nodes.tell())
    return AssetPurged(
        id=row.id, path=row.path, confirmed=all(node.confirmed for node in said), nodes=said
    )


ROUTES = [put_asset, list_assets, asset_usage, get_asset, delete_asset, purge_asset]
