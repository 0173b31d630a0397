"""HTTP: what is in a repository: trees, names, history, and the files themselves."""

from typing import Annotated, Any, Final
from urllib.parse import parse_qs, quote

import msgspec
from litestar import Response, get, post
from litestar.params import Parameter
from litestar.response import Redirect, Stream

from souk.delivery.downloads.api import choose_span, is_not_modified
from souk.delivery.hub.counting import DownloadCounter
from souk.delivery.hub.desk import Desk
from souk.delivery.hub.http import FILE_COST, HubRequest, next_link, read_json, type_at, type_named
from souk.delivery.hub.reading import HubReader
from souk.delivery.hub.rights import FileRights
from souk.delivery.hub.safetensors import Tensors
from souk.delivery.hub.serving import FileServing, FoundFile
from souk.delivery.hub.settings import HubSettings
from souk.delivery.hub.trees import TreeShelf
from souk.delivery.hub.wire import CommitInfo, Entry, RefsInfo, SafetensorsHeaders
from souk.infra.http.edge import HEAD_ONLY
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import scope_of
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Invalid
from souk.works.revisions.api import MAIN

TAGS = ["hub"]
PUBLIC: dict[str, Any] = {"caller": "optional"}  # as handlers' options are
MAX_COMMIT_PAGES: Final = 10_000
FORM: Final = "application/x-www-form-urlencoded"


async def _tree(
    where: tuple[str, str, str],
    revision: str,
    folder: str,
    *,
    request: HubRequest,
    uow: UnitOfWork,
    actor: Actor,
    desk: Desk,
    reader: HubReader,
    options: tuple[bool, bool, str | None],
) -> Response[list[Entry]]:
    kind, owner, name = where
    recursive, expand, cursor = options
    repo_type = type_named(kind, owner=owner, name=name)
    seen = await desk.see(uow, actor, repo_type, owner=owner, name=name)
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


@get("/api/{kind:str}/{owner:str}/{name:str}/tree/{revision:str}", tags=TAGS, opt=PUBLIC)
async def list_tree(
    kind: str,
    owner: str,
    name: str,
    revision: str,
    request: HubRequest,
    uow: UnitOfWork,
    actor: Actor,
    hub_desk: Desk,
    hub_reader: HubReader,
    recursive: bool = False,
    expand: bool = False,
    cursor: Cursor = None,
) -> Response[list[Entry]]:
    """Files and folders at the top of a revision, or with `recursive` everywhere in it."""
    return await _tree(
        (kind, owner, name),
        revision,
        "",
        request=request,
        uow=uow,
        actor=actor,
        desk=hub_desk,
        reader=hub_reader,
        options=(recursive, expand, cursor),
    )


@get(
    "/api/{kind:str}/{owner:str}/{name:str}/tree/{revision:str}/{folder:path}",
    tags=TAGS,
    opt=PUBLIC,
)
async def list_folder(
    kind: str,
    owner: str,
    name: str,
    revision: str,
    folder: str,
    request: HubRequest,
    uow: UnitOfWork,
    actor: Actor,
    hub_desk: Desk,
    hub_reader: HubReader,
    recursive: bool = False,
    expand: bool = False,
    cursor: Cursor = None,
) -> Response[list[Entry]]:
    """The same of one folder."""
    return await _tree(
        (kind, owner, name),
        revision,
        folder,
        request=request,
        uow=uow,
        actor=actor,
        desk=hub_desk,
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
    status_code=200,
    opt=PUBLIC,
)
async def describe_paths(
    kind: str,
    owner: str,
    name: str,
    revision: str,
    request: HubRequest,
    uow: UnitOfWork,
    actor: Actor,
    hub_desk: Desk,
    hub_reader: HubReader,
    hub_settings: HubSettings,
) -> list[Entry]:
    """What lies at some paths; those where nothing does are left out."""
    asked = await _paths(request, limit=hub_settings.tree_page)
    repo_type = type_named(kind, owner=owner, name=name)
    seen = await hub_desk.see(uow, actor, repo_type, owner=owner, name=name)
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


@get("/api/{kind:str}/{owner:str}/{name:str}/refs", tags=TAGS, opt=PUBLIC)
async def list_refs(
    kind: str,
    owner: str,
    name: str,
    uow: UnitOfWork,
    actor: Actor,
    hub_desk: Desk,
    hub_reader: HubReader,
    include_prs: bool = False,
) -> RefsInfo:
    """Branches, versions and tags, with the commits they stand for."""
    repo_type = type_named(kind, owner=owner, name=name)
    seen = await hub_desk.see(uow, actor, repo_type, owner=owner, name=name)
    return await hub_reader.refs(uow, seen, pull_requests=include_prs)


@get("/api/{kind:str}/{owner:str}/{name:str}/commits/{revision:path}", tags=TAGS, opt=PUBLIC)
async def list_commits(
    kind: str,
    owner: str,
    name: str,
    revision: str,
    request: HubRequest,
    uow: UnitOfWork,
    actor: Actor,
    hub_desk: Desk,
    hub_reader: HubReader,
    p: Annotated[int, Parameter(ge=0, le=MAX_COMMIT_PAGES)] = 0,
) -> Response[list[CommitInfo]]:
    """The history of a revision, newest first."""
    repo_type = type_named(kind, owner=owner, name=name)
    seen = await hub_desk.see(uow, actor, repo_type, owner=owner, name=name)
    shown, more = await hub_reader.commits(uow, seen, revision.strip("/"), page=p)
    return Response(shown, headers=next_link(request, p=str(p + 1)) if more else {})


@get(
    "/api/{kind:str}/{owner:str}/{name:str}/safetensors-metadata/{file:path}",
    tags=TAGS,
    opt=PUBLIC,
)
async def safetensors_headers(
    kind: str,
    owner: str,
    name: str,
    file: str,
    uow: UnitOfWork,
    actor: Actor,
    hub_desk: Desk,
    hub_rights: FileRights,
    hub_trees: TreeShelf,
    hub_tensors: Tensors,
) -> SafetensorsHeaders:
    """The header of every file of a model that an index on `main` names."""
    repo_type = type_named(kind, owner=owner, name=name)
    seen = await hub_desk.see(uow, actor, repo_type, owner=owner, name=name)
    at = await hub_desk.at(uow, seen, MAIN)
    await hub_rights.admit(uow, actor, seen)
    tree = await hub_trees.get(uow, at.revision_id)
    return await hub_tensors.headers(tree, file.strip("/"))


def _headers(found: FoundFile, request: HubRequest) -> dict[str, str]:
    filename = found.file.path.rpartition("/")[2]
    headers = {
        "etag": found.etag,
        "accept-ranges": "bytes",
        "cache-control": "private, no-transform, max-age=0",
        "content-disposition": f"inline; filename*=UTF-8''{quote(filename)}",
        "content-security-policy": "default-src 'none'; sandbox",
        "x-repo-commit": found.at.oid,
        "access-control-expose-headers": "X-Repo-Commit, X-Linked-Size, X-Linked-Etag, X-Xet-Hash",
    }
    if found.names.large:
        headers["x-linked-size"] = str(found.file.size_bytes)
        headers["x-linked-etag"] = found.etag
    if found.names.xet_hash is not None:
        here = str(request.base_url).rstrip("/")
        kind = "datasets" if found.seen.type == "dataset" else "models"
        token = f"{here}/api/{kind}/{found.seen.address}/xet-read-token/{found.at.oid}"
        headers["x-xet-hash"] = found.names.xet_hash
        headers["link"] = f'<{token}>; rel="xet-auth"'
    return headers


_OWN: dict[str, Any] = {"transaction": "own", "cost": FILE_COST}  # as handlers' options are


@get(
    [
        "/{owner:str}/{name:str}/resolve/{revision:str}/{path:path}",
        "/datasets/{owner:str}/{name:str}/resolve/{revision:str}/{path:path}",
    ],
    include_in_schema=False,
    opt=_OWN,
)
async def resolve_file(
    owner: str,
    name: str,
    revision: str,
    path: str,
    request: HubRequest,
    actor: Actor,
    database: Database,
    hub_desk: Desk,
    hub_serving: FileServing,
    hub_counter: DownloadCounter,
) -> Response[Any]:
    """A file of a model or a dataset: whole, a range of it, or what a HEAD asks for."""
    head = request.scope["state"].get(HEAD_ONLY, False)
    async with database.transaction(scope_of(actor), read_only=True) as uow:
        seen = await hub_desk.see(uow, actor, type_at(request), owner=owner, name=name)
        found = await hub_serving.find(uow, actor, seen, revision=revision, path=path.strip("/"))
        elsewhere = None if head else await hub_serving.elsewhere(uow, found)
    headers = _headers(found, request)
    if elsewhere is not None:
        return Response(b"", status_code=302, headers={**headers, "location": elsewhere})
    if head:
        length = {"content-length": str(found.file.size_bytes)}
        return Response(b"", headers={**headers, **length}, media_type=found.media_type)
    if is_not_modified(request.headers.get("if-none-match"), found.etag):
        return Response(b"", status_code=304, headers=headers)
    span = choose_span(
        found.file.size_bytes,
        etag=found.etag,
        range_header=request.headers.get("range"),
        if_range=request.headers.get("if-range"),
    )
    headers["content-length"] = str(span.length)
    if span.status == 416:
        headers["content-range"] = f"bytes */{found.file.size_bytes}"
        return Response(b"", status_code=416, headers=headers)
    if span.status == 206:
        headers["content-range"] = f"bytes {span.start}-{span.end - 1}/{found.file.size_bytes}"
    await hub_counter.begin(actor, seen, found.at, found.admitted, sha256=found.file.sha256)
    return Stream(
        hub_serving.read(found, start=span.start, end=span.end),
        status_code=span.status,
        headers=headers,
        media_type=found.media_type,
    )


@get("/datasets/{owner:str}/{name:str}", include_in_schema=False, opt=_OWN)
async def open_dataset_page(owner: str, name: str) -> Redirect:
    """The address that clients print for a dataset leads to its listing's page."""
    return Redirect(f"/{quote(owner)}/{quote(name)}", status_code=301)


ROUTES = [
    open_dataset_page,
    list_tree,
    list_folder,
    describe_paths,
    list_refs,
    list_commits,
    safetensors_headers,
    resolve_file,
]
