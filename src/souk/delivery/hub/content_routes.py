"""HTTP: what is in a repository: trees, names and history."""

from typing import Annotated, Any, Final
from urllib.parse import parse_qs

import msgspec
from litestar import Response, get, post
from litestar.params import Parameter

from souk.delivery.hub.desk import Desk, Seen
from souk.delivery.hub.finding import SEEN
from souk.delivery.hub.http import HubRequest, next_link, read_json
from souk.delivery.hub.reading import HubReader
from souk.delivery.hub.rights import FileRights
from souk.delivery.hub.safetensors import Tensors
from souk.delivery.hub.settings import HubSettings
from souk.delivery.hub.trees import TreeShelf
from souk.delivery.hub.wire import CommitInfo, Entry, RefsInfo, SafetensorsHeaders
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Invalid
from souk.works.revisions.api import MAIN

TAGS = ["hub"]
PUBLIC: dict[str, Any] = {"caller": "optional"}  # as handlers' options are
MAX_COMMIT_PAGES: Final = 10_000
FORM: Final = "application/x-www-form-urlencoded"


async def _tree(
    revision: str,
    folder: str,
    *,
    request: HubRequest,
    uow: UnitOfWork,
    seen: Seen,
    reader: HubReader,
    options: tuple[bool, bool, str | None],
) -> Response[list[Entry]]:
    recursive, expand, cursor = options
    page = await reader.tree(
        uow,
        seen,
        revision,
        folder=folder.strip("/"),
        recursive=recursive,
        expand=expand,
        cursor=cursor,
    )
    headers = {}
    if page.next_cursor is not None:
        headers = next_link(request, cursor=page.next_cursor)
    return Response(page.items, headers=headers)


Cursor = Annotated[str | None, Parameter(max_length=2000)]


@get(
    "/api/{kind:str}/{owner:str}/{name:str}/tree/{revision:str}",
    tags=TAGS,
    dependencies=SEEN,
    opt=PUBLIC,
)
async def list_tree(
    revision: str,
    request: HubRequest,
    uow: UnitOfWork,
    seen: Seen,
    hub_reader: HubReader,
    recursive: bool = False,
    expand: bool = False,
    cursor: Cursor = None,
) -> Response[list[Entry]]:
    """Files and folders at the top of a revision, or with `recursive` everywhere in it."""
    return await _tree(
        revision,
        "",
        request=request,
        uow=uow,
        seen=seen,
        reader=hub_reader,
        options=(recursive, expand, cursor),
    )


@get(
    "/api/{kind:str}/{owner:str}/{name:str}/tree/{revision:str}/{folder:path}",
    tags=TAGS,
    dependencies=SEEN,
    opt=PUBLIC,
)
async def list_folder(
    revision: str,
    folder: str,
    request: HubRequest,
    uow: UnitOfWork,
    seen: Seen,
    hub_reader: HubReader,
    recursive: bool = False,
    expand: bool = False,
    cursor: Cursor = None,
) -> Response[list[Entry]]:
    """The same of one folder."""
    return await _tree(
        revision,
        folder,
        request=request,
        uow=uow,
        seen=seen,
        reader=hub_reader,
        options=(recursive, expand, cursor),
    )


class PathsRequest(msgspec.Struct, frozen=True):
    """Which paths are asked about."""

    paths: list[str] = []
    expand: bool = False


@post(
    "/api/{kind:str}/{owner:str}/{name:str}/paths-info/{revision:path}",
    tags=TAGS,
    dependencies=SEEN,
    status_code=200,
    opt=PUBLIC,
)
async def describe_paths(
    revision: str,
    request: HubRequest,
    uow: UnitOfWork,
    actor: Actor,
    seen: Seen,
    hub_reader: HubReader,
    hub_settings: HubSettings,
) -> list[Entry]:
    """What lies at some paths; those where nothing does are left out."""
    asked = await _paths(request, limit=hub_settings.tree_page)
    return await hub_reader.paths(
        uow, seen, revision.strip("/"), paths=asked.paths, expand=asked.expand
    )


async def _paths(request: HubRequest, *, limit: int) -> PathsRequest:
    """The paths of a form, as clients send them, or of JSON."""
    if request.headers.get("content-type", "").startswith(FORM):
        body = (await request.body()).decode("utf-8", errors="replace")
        fields = parse_qs(body)
        expand = fields.get("expand", [""])[0].lower() in {"true", "1"}
        asked = PathsRequest(paths=fields.get("paths", []), expand=expand)
    else:
        asked = await read_json(request, PathsRequest)
    if len(asked.paths) > limit:
        raise Invalid("too_many_paths", f"At most {limit} paths may be asked about at once.")
    return asked


@get("/api/{kind:str}/{owner:str}/{name:str}/refs", tags=TAGS, dependencies=SEEN, opt=PUBLIC)
async def list_refs(
    uow: UnitOfWork,
    actor: Actor,
    seen: Seen,
    hub_reader: HubReader,
    include_prs: bool = False,
) -> RefsInfo:
    """Branches, versions and tags, with the commits they stand for."""
    return await hub_reader.refs(uow, seen, pull_requests=include_prs)


@get(
    "/api/{kind:str}/{owner:str}/{name:str}/commits/{revision:path}",
    tags=TAGS,
    dependencies=SEEN,
    opt=PUBLIC,
)
async def list_commits(
    revision: str,
    request: HubRequest,
    uow: UnitOfWork,
    actor: Actor,
    seen: Seen,
    hub_reader: HubReader,
    p: Annotated[int, Parameter(ge=0, le=MAX_COMMIT_PAGES)] = 0,
) -> Response[list[CommitInfo]]:
    """The history of a revision, newest first."""
    shown, more = await hub_reader.commits(uow, seen, revision.strip("/"), page=p)
    return Response(shown, headers=next_link(request, p=str(p + 1)) if more else {})


@get(
    "/api/{kind:str}/{owner:str}/{name:str}/safetensors-metadata/{file:path}",
    tags=TAGS,
    dependencies=SEEN,
    opt=PUBLIC,
)
async def safetensors_headers(
    file: str,
    uow: UnitOfWork,
    actor: Actor,
    hub_desk: Desk,
    seen: Seen,
    hub_rights: FileRights,
    hub_trees: TreeShelf,
    hub_tensors: Tensors,
) -> SafetensorsHeaders:
    """The header of every file of a model that an index on `main` names."""
    at = await hub_desk.at(uow, seen, MAIN)
    await hub_rights.admit(uow, actor, seen)
    tree = await hub_trees.get(uow, at.revision_id)
    return await hub_tensors.headers(tree, file.strip("/"))


ROUTES = [
    list_tree,
    list_folder,
    describe_paths,
    list_refs,
    list_commits,
    safetensors_headers,
]
