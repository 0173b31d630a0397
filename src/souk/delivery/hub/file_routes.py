"""HTTP: the files of a repository, at the addresses where clients fetch them."""

from typing import Any
from urllib.parse import quote

from litestar import Response, get
from litestar.response import Redirect, Stream

from souk.delivery.downloads.api import choose_span, is_not_modified
from souk.delivery.hub.counting import DownloadCounter
from souk.delivery.hub.desk import Desk
from souk.delivery.hub.http import FILE_COST, HubRequest, type_at
from souk.delivery.hub.serving import FileServing, FoundFile
from souk.infra.http.edge import HEAD_ONLY
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import scope_of
from souk.kernel.actor import Actor


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
    resolve_file,
]
