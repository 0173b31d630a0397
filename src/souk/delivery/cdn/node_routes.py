"""HTTP for nodes: joining, heartbeats, and what they fetch. Not part of the public API."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.response import Stream

from souk.delivery.cdn.fleet import Fleet
from souk.delivery.cdn.origin import Origin
from souk.edge.protocol import (
    LIST_HEADER,
    MAX_LIST_BYTES,
    NODE_HEADER,
    ROOT,
    TICKET_HEADER,
    Heartbeat,
    JoinAnswer,
    JoinRequest,
)
from souk.edge.ranges import wanted_parts
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk_client.proofs.canonical import encode_base64url

_OWN = {"transaction": "own", "rate": "own", "exclude_from_csrf": True}
"""Nodes are known by their secret; who has none is counted by the fleet itself."""

NodeRequest = Request[Any, Any, State]


@post(f"{ROOT}/join", include_in_schema=False, status_code=200, opt=_OWN)
async def join(
    data: JoinRequest, request: NodeRequest, database: Database, fleet: Fleet
) -> JoinAnswer:
    """Takes a node in."""
    async with database.transaction(SYSTEM) as uow:
        return await fleet.join(uow, data, address=_address(request))


@post(f"{ROOT}/heartbeat", include_in_schema=False, status_code=200, opt=_OWN)
async def heartbeat(
    data: Heartbeat, request: NodeRequest, database: Database, fleet: Fleet
) -> Response[bytes]:
    """Hears how a node is, and tells it what it has to know."""
    async with database.transaction(SYSTEM) as uow:
        node = await fleet.admit(
            uow, request.headers.get(NODE_HEADER), address=_address(request), lock=True
        )
        answer = await fleet.heartbeat(uow, node, data)
    return Response(msgspec.json.encode(answer), media_type="application/json")


@get(f"{ROOT}/slices/{{sha256:str}}", include_in_schema=False, opt=_OWN)
async def slice_hashes(
    sha256: str, request: NodeRequest, database: Database, fleet: Fleet, origin: Origin
) -> Response[bytes]:
    """The hashes of a file's slices."""
    async with database.transaction(SYSTEM) as uow:
        node = await fleet.admit(uow, request.headers.get(NODE_HEADER), address=_address(request))
        ticket = await origin.admit(uow, node, request.headers.get(TICKET_HEADER), sha256=sha256)
        digests = await origin.digests(uow, ticket)
    return Response(digests, media_type="application/octet-stream")


@get(f"{ROOT}/artifacts/{{sha256:str}}", include_in_schema=False, opt=_OWN)
async def artifact(
    sha256: str, request: NodeRequest, database: Database, fleet: Fleet, origin: Origin
) -> Response[Any]:
    """A file's bytes, whole or one range of them."""
    async with database.transaction(SYSTEM) as uow:
        node = await fleet.admit(uow, request.headers.get(NODE_HEADER), address=_address(request))
        ticket = await origin.admit(uow, node, request.headers.get(TICKET_HEADER), sha256=sha256)
        wants_list = LIST_HEADER in request.headers and ticket.slices_root
        digests = await origin.digests(uow, ticket) if wants_list else b""
    size = ticket.size_bytes
    parts = wanted_parts(request.headers.get("range"), size)
    if parts is None or len(parts) != 1:
        start, end, status = 0, size, 200
    else:
        start, end, status = parts[0].start, parts[0].end, 206
    headers = {"content-length": str(end - start), "cache-control": "no-store, no-transform"}
    if 0 < len(digests) <= MAX_LIST_BYTES:
        headers[LIST_HEADER] = encode_base64url(digests)
    if status == 206:
        headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    return Stream(
        origin.read(ticket, start=start, end=end),
        status_code=status,
        headers=headers,
        media_type="application/octet-stream",
    )


def _address(request: NodeRequest) -> str:
    return str(request.scope["state"].get("address", "unknown"))


ROUTES = [join, heartbeat, slice_hashes, artifact]
