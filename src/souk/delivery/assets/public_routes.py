"""HTTP: assets at their public addresses."""

from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote

from litestar import MediaType, Request, Response, get
from litestar.datastructures import State
from litestar.response import Stream

from souk.delivery.assets.errors import AssetUnknown, NotOnOurPages
from souk.delivery.assets.model import runs_in_pages
from souk.delivery.assets.service import ROOT
from souk.delivery.assets.serving import Asked, Form, Serving
from souk.delivery.assets.store import AssetRow
from souk.edge.protocol import NODE_HEADER
from souk.edge.ranges import is_not_modified, wanted_parts
from souk.infra.http.edge import HEAD_ONLY

ROUTE_S: Final = 30
"""How long browsers may remember where an asset is nearer."""

AssetRequest = Request[Any, Any, State]


@get(
    "/a/{slug:str}/{path:path}",
    include_in_schema=False,
    opt={"transaction": "own", "cost": 0.1, "credential": "own"},
)
async def asset(request: AssetRequest, asset_serving: Serving) -> Response[Any]:
    """An asset, in the form that suits who asks: `/a/<organisation>/<path>`.

    Pictures in other widths and formats by `?w=640&format=webp&q=80`.
    """
    slug, _, path = request.scope["path"].removeprefix(ROOT).partition("/")
    asked = Asked(
        slug=slug,
        path=path,
        query=dict(request.query_params),
        headers=request.headers,
        client_address=str(request.scope["state"].get("address", "")),
        credential=request.headers.get(NODE_HEADER),
    )
    found, site_id, by_node = await asset_serving.find(asked)
    if not by_node:
        _refuse_own_pages(request, found)
        near = await asset_serving.nearer(asked, found, site_id)
        if near is not None:
            return _elsewhere(f"{near}{quote(path)}", request)
    form = await asset_serving.form(asked, found)
    headers = asset_serving.head(form, by_node=by_node)
    if _is_known(request, form):
        return Response(None, status_code=304, headers=headers)
    start, end, status = _span(request, form)
    if status == 416:
        headers |= {"content-range": f"bytes */{form.size_bytes}", "content-length": "0"}
        return Response(b"", status_code=416, headers=headers)
    if status == 206:
        headers["content-range"] = f"bytes {start}-{end - 1}/{form.size_bytes}"
    headers["content-length"] = str(end - start)
    content = b"" if request.scope["state"].get(HEAD_ONLY) else None
    if content is not None or start == end:
        return Response(b"", status_code=status, headers=headers)
    return Stream(
        asset_serving.read(form, start=start, end=end),
        status_code=status,
        headers=headers,
    )


def _refuse_own_pages(request: AssetRequest, found: AssetRow) -> None:
    """What can run is no part of the marketplace's own pages, whatever gets into one of them."""
    if request.headers.get("service-worker") is not None:
        raise NotOnOurPages()
    same = request.headers.get("sec-fetch-site") == "same-origin"
    shown = request.headers.get("sec-fetch-dest") in {"document", None}
    if same and not shown and runs_in_pages(found.media_type):
        raise NotOnOurPages()


def _elsewhere(address: str, request: AssetRequest) -> Response[bytes]:
    query = request.scope["query_string"].decode("latin-1")
    return Response(
        b"",
        status_code=307,
        media_type=MediaType.TEXT,
        headers={
            "location": f"{address}?{query}" if query else address,
            "cache-control": f"private, max-age={ROUTE_S}",
            "access-control-allow-origin": "*",
            "cross-origin-resource-policy": "cross-origin",
        },
    )


def _is_known(request: AssetRequest, form: Form) -> bool:
    """Whether the caller has it already (RFC 9110, 13.2.2)."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        return is_not_modified(tags, form.etag)
    since = request.headers.get("if-modified-since")
    if since is None:
        return False
    try:
        return form.asset.changed_at.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False


def _span(request: AssetRequest, form: Form) -> tuple[int, int, int]:
    """Where to begin and to end, and the status."""
    size = form.size_bytes
    if_range = request.headers.get("if-range")
    if if_range is not None and if_range != form.etag:
        return 0, size, 200
    parts = wanted_parts(request.headers.get("range"), size)
    if parts is None or len(parts) > 1:
        return 0, size, 200
    if not parts:
        return 0, 0, 416
    return parts[0].start, parts[0].end, 206


@get("/a/{slug:str}", include_in_schema=False, opt={"transaction": "own", "credential": "own"})
async def no_asset(slug: str) -> None:
    """There is no list of what an organisation has."""
    raise AssetUnknown()


ROOT_ROUTES = [asset, no_asset]
