"""HTTP: plug-ins, workspaces and what is installed in them."""

from typing import Annotated, Any
from urllib.parse import quote

from litestar import Response, delete, get, patch, post
from litestar.params import Parameter
from litestar.response import Stream

from souk.infra.http.paging import Limit
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import scope_of
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import DEFAULT_LIMIT
from souk.works.plugins.catalogue import PluginCatalogue
from souk.works.plugins.workspaces import WorkspaceService
from souk_client.contracts.base import PageAnswer
from souk_client.contracts.plugins import (
    Lock,
    LockSummary,
    Outdated,
    Plan,
    Plugin,
    PluginRelease,
    RollBackRequest,
    Workspace,
    WorkspaceChange,
    WorkspaceRequest,
    WorkspaceSummary,
    WorkspaceUpdate,
    YankRequest,
)

_TAGS = ["plugins"]
LockNumber = Annotated[int, Parameter(ge=0, le=2**31 - 1)]


@get("/plugins/{owner:str}/{slug:str}", tags=_TAGS)
async def get_plugin(owner: str, slug: str, uow: UnitOfWork, plugins: PluginCatalogue) -> Plugin:
    """A plug-in with its manifest, documentation, published versions, installs and dependents."""
    return await plugins.get(uow, owner, slug)


@get("/plugins/{owner:str}/{slug:str}/versions/{version:str}", tags=_TAGS)
async def get_plugin_release(
    owner: str, slug: str, version: str, uow: UnitOfWork, plugins: PluginCatalogue
) -> PluginRelease:
    """One published version: its manifest and the documentation made from it."""
    return await plugins.release(uow, owner, slug, version=version)


@post("/plugins/{owner:str}/{slug:str}/versions/{version:str}/yank", tags=_TAGS, status_code=200)
async def yank_release(
    owner: str,
    slug: str,
    version: str,
    data: YankRequest,
    uow: UnitOfWork,
    actor: Actor,
    plugins: PluginCatalogue,
) -> PluginRelease:
    """Withdraws a version: nobody new gets it, and who has it keeps it. For its managers."""
    return await plugins.yank(uow, actor, owner, slug, version=version, reason=data.reason)


@delete("/plugins/{owner:str}/{slug:str}/versions/{version:str}/yank", tags=_TAGS, status_code=200)
async def unyank_release(
    owner: str, slug: str, version: str, uow: UnitOfWork, actor: Actor, plugins: PluginCatalogue
) -> PluginRelease:
    """Offers a withdrawn version again."""
    return await plugins.yank(uow, actor, owner, slug, version=version, reason=None)


@post("/workspaces", tags=_TAGS)
async def create_workspace(
    data: WorkspaceRequest, uow: UnitOfWork, actor: Actor, workspaces: WorkspaceService
) -> Workspace:
    """Makes an empty workspace to install plug-ins into; for managers of the organisation."""
    return await workspaces.create(uow, actor, data)


@get("/workspaces", tags=_TAGS)
async def list_workspaces(
    uow: UnitOfWork,
    actor: Actor,
    workspaces: WorkspaceService,
    organisation_id: str | None = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageAnswer[WorkspaceSummary]:
    """The workspaces of all the caller's organisations, or of one, newest first."""
    page = await workspaces.page(
        uow, actor, organisation_id=organisation_id, cursor=cursor, limit=limit
    )
    return PageAnswer(items=page.items, next_cursor=page.next_cursor)


@get("/workspaces/{workspace_id:str}", tags=_TAGS)
async def get_workspace(
    workspace_id: str, uow: UnitOfWork, actor: Actor, workspaces: WorkspaceService
) -> Workspace:
    """A workspace with its current lock: exact versions and the SHA-256 of every file."""
    return await workspaces.get(uow, actor, workspace_id)


@patch("/workspaces/{workspace_id:str}", tags=_TAGS)
async def rename_workspace(
    workspace_id: str,
    data: WorkspaceUpdate,
    uow: UnitOfWork,
    actor: Actor,
    workspaces: WorkspaceService,
) -> Workspace:
    """Gives a workspace another name."""
    return await workspaces.rename(uow, actor, workspace_id, name=data.name)


@post("/workspaces/{workspace_id:str}/plan", tags=_TAGS, status_code=200)
async def plan_change(
    workspace_id: str,
    data: WorkspaceChange,
    uow: UnitOfWork,
    actor: Actor,
    workspaces: WorkspaceService,
) -> Plan:
    """What a change would do: versions that move, permissions that are new, what must be bought.

    Nothing happens. 409 `plugins_conflict` says in `reasons` why no versions fit together.
    """
    return await workspaces.plan(uow, actor, workspace_id, data)


@post("/workspaces/{workspace_id:str}/changes", tags=_TAGS, status_code=200)
async def apply_change(
    workspace_id: str,
    data: WorkspaceChange,
    uow: UnitOfWork,
    actor: Actor,
    workspaces: WorkspaceService,
) -> Workspace:
    """Installs, upgrades and removes in one step; what changes nothing makes no new lock.

    402 `plugin_licence_needed` names paid plug-ins without a licence, 409
    `permissions_not_accepted` the permissions that `accept_permissions` has to grant.
    """
    return await workspaces.apply(uow, actor, workspace_id, data)


@post("/workspaces/{workspace_id:str}/roll-back", tags=_TAGS, status_code=200)
async def roll_back(
    workspace_id: str,
    data: RollBackRequest,
    uow: UnitOfWork,
    actor: Actor,
    workspaces: WorkspaceService,
) -> Workspace:
    """Returns to an earlier lock, exactly as it was; that is a new lock too."""
    return await workspaces.roll_back(uow, actor, workspace_id, data)


@get("/workspaces/{workspace_id:str}/locks", tags=_TAGS)
async def list_locks(
    workspace_id: str,
    uow: UnitOfWork,
    actor: Actor,
    workspaces: WorkspaceService,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageAnswer[LockSummary]:
    """What changed in a workspace, newest first."""
    page = await workspaces.history(uow, actor, workspace_id, cursor=cursor, limit=limit)
    return PageAnswer(items=page.items, next_cursor=page.next_cursor)


@get("/workspaces/{workspace_id:str}/locks/{number:int}", tags=_TAGS)
async def get_lock(
    workspace_id: str,
    number: LockNumber,
    uow: UnitOfWork,
    actor: Actor,
    workspaces: WorkspaceService,
) -> Lock:
    """One lock of a workspace; 0 is the empty one."""
    return await workspaces.lock(uow, actor, workspace_id, number)


@get("/workspaces/{workspace_id:str}/outdated", tags=_TAGS)
async def list_outdated(
    workspace_id: str, uow: UnitOfWork, actor: Actor, workspaces: WorkspaceService
) -> PageAnswer[Outdated]:
    """Installed versions that are not the newest, or were withdrawn or retired."""
    return PageAnswer(items=await workspaces.outdated(uow, actor, workspace_id))


@get(
    "/workspaces/{workspace_id:str}/files/{listing_id:str}",
    tags=_TAGS,
    opt={"transaction": "own"},
    media_type="application/octet-stream",
)
async def get_locked_file(
    workspace_id: str,
    listing_id: str,
    path: Annotated[str, Parameter(min_length=1, max_length=512)],
    actor: Actor,
    database: Database,
    workspaces: WorkspaceService,
) -> Response[Any]:
    """The bytes of a file of an installed plug-in, as the lock names it; a retired one's too."""
    async with database.transaction(scope_of(actor), read_only=True) as uow:
        file = await workspaces.locked_file(
            uow, actor, workspace_id, listing_id=listing_id, path=path
        )
    return Stream(
        workspaces.read(file),
        media_type="application/octet-stream",
        headers={
            "content-length": str(file.size_bytes),
            "content-disposition": "attachment; filename*=UTF-8''"
            + quote(file.path.rpartition("/")[2]),
            "cache-control": "private, no-transform, max-age=0",
            "etag": f'"{file.sha256}"',
            "x-content-sha256": file.sha256,
        },
    )


ROUTES = [
    get_plugin,
    get_plugin_release,
    yank_release,
    unyank_release,
    create_workspace,
    list_workspaces,
    get_workspace,
    rename_workspace,
    plan_change,
    apply_change,
    roll_back,
    list_locks,
    get_lock,
    list_outdated,
    get_locked_file,
]
