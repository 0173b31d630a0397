"""HTTP: the content-addressed store as hf_xet calls it, under /xet.

The caller is who the token says, not who the marketplace's own credentials would: `credential`
tells the middleware to leave the header alone.
"""

import re
from collections.abc import AsyncIterator
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.exceptions import HTTPException
from litestar.response import Stream

from souk.delivery.xet.errors import (
    BodyInterrupted,
    ChunkUnknown,
    HashMalformed,
    RangeMalformed,
    ShardTooLarge,
    XorbAddressInvalid,
)
from souk.delivery.xet.hashes import from_text
from souk.delivery.xet.service import XetService
from souk.delivery.xet.serving import FetchRun, Reconstruction
from souk.kernel.errors import NotFound

_RANGE: Final = re.compile(r"bytes=(\d{1,20})-(\d{0,20})", re.ASCII)
_OWN: Final = {"transaction": "own", "credential": "own", "raw_body": True}
BYTES: Final = "application/octet-stream"
LINES: Final = "application/x-ndjson"
XetRequest = Request[Any, Any, Any]


@get("/xet/v1/reconstructions/{file_hash:str}", include_in_schema=False, opt=_OWN)
async def reconstruction_v1(
    file_hash: str, request: XetRequest, xet: XetService
) -> Response[dict[str, object] | None]:
    """The terms of a file, or of a range of it, and an address for each run of chunks."""
    found = await _reconstruction(file_hash, request, xet)
    if found is None:
        return Response(None, status_code=416)
    fetch: dict[str, list[object]] = {}
    for run in found.runs:
        fetch.setdefault(run.xorb, []).append(
            {"range": _chunks(run), "url": run.url, "url_range": _bytes(run)}
        )
    return Response({**_terms(found), "fetch_info": fetch})


@get("/xet/v2/reconstructions/{file_hash:str}", include_in_schema=False, opt=_OWN)
async def reconstruction_v2(
    file_hash: str, request: XetRequest, xet: XetService
) -> Response[dict[str, object] | None]:
    """The same, in the form of the second version."""
    found = await _reconstruction(file_hash, request, xet)
    if found is None:
        return Response(None, status_code=416)
    xorbs: dict[str, list[object]] = {}
    for run in found.runs:
        piece = {"chunks": _chunks(run), "bytes": _bytes(run)}
        xorbs.setdefault(run.xorb, []).append({"url": run.url, "ranges": [piece]})
    return Response({**_terms(found), "xorbs": xorbs})


@get("/xet/v1/chunks/{prefix:str}/{chunk:str}", include_in_schema=False, opt=_OWN)
async def related_xorbs(
    prefix: str, chunk: str, request: XetRequest, xet: XetService
) -> Response[bytes]:
    """A shard of xorbs to build on, when the sender's organisations have this chunk."""
    grant = await xet.tokens.admit(request.headers.get("authorization"), access="read")
    if prefix not in {"default", "default-merkledb"}:
        raise ChunkUnknown()
    shard = await xet.reader.related(grant, _hash(chunk))
    return Response(shard, media_type=BYTES)


@post(
    "/xet/v1/xorbs/{prefix:str}/{xorb:str}",
    include_in_schema=False,
    opt=_OWN,
    status_code=200,
    request_max_body_size=None,
)
async def put_xorb(prefix: str, xorb: str, request: XetRequest, xet: XetService) -> dict[str, bool]:
    """A xorb as the raw body; durable when this answers."""
    grant = await xet.tokens.admit(request.headers.get("authorization"), access="write")
    if prefix != "default":
        raise NotFound("prefix_unknown", "Xorbs are stored under the prefix `default`.")
    name = _hash(xorb)
    return {"was_inserted": await xet.xorbs.receive(grant, name, _body(request))}


@post(
    "/xet/v1/shards",
    include_in_schema=False,
    opt=_OWN,
    status_code=200,
    request_max_body_size=None,
)
async def put_shard(request: XetRequest, xet: XetService) -> dict[str, int]:
    """A shard as the raw body; its files count when this answers."""
    grant = await xet.tokens.admit(request.headers.get("authorization"), access="write")
    prepared = await xet.registrar.prepare(grant, await _shard(request, xet))
    await xet.register(grant, prepared)
    return {"result": 0 if prepared.is_known else 1}


@post(
    "/xet/v2/shards",
    include_in_schema=False,
    opt=_OWN,
    status_code=200,
    request_max_body_size=None,
)
async def put_shard_v2(request: XetRequest, xet: XetService) -> Stream:
    """The same, with a line of JSON now and then while the files are read, and one at the end."""
    grant = await xet.tokens.admit(request.headers.get("authorization"), access="write")
    prepared = await xet.registrar.prepare(grant, await _shard(request, xet))
    return Stream(xet.progress(grant, prepared), media_type=LINES)


@get("/xet/x/{ticket:str}", include_in_schema=False, opt=_OWN)
async def get_piece(ticket: str, request: XetRequest, xet: XetService) -> Stream:
    """The bytes of a run of chunks; the address says which, and needs no other credential."""
    admitted = await xet.tokens.piece(ticket)
    span = _span(request)
    if span is None:
        raise XorbAddressInvalid("opens a range: send the header `Range` that came with it")
    piece = await xet.reader.piece(admitted, span)
    return Stream(
        xet.reader.read(piece),
        status_code=206,
        media_type=BYTES,
        headers={
            "content-length": str(piece.end - piece.start),
            "content-range": f"bytes {piece.start}-{piece.end - 1}/{piece.xorb.stored_bytes}",
            "etag": f'"{piece.xorb.hash}"',
            "cache-control": "private, no-transform, max-age=0",
        },
    )


async def _reconstruction(
    file_hash: str, request: XetRequest, xet: XetService
) -> Reconstruction | None:
    grant = await xet.tokens.admit(request.headers.get("authorization"), access="read")
    return await xet.reader.reconstruction(grant, _hash(file_hash), _span(request) or (0, None))


def _terms(found: Reconstruction) -> dict[str, object]:
    return {
        "offset_into_first_range": found.cut.skip_bytes,
        "terms": [
            {
                "hash": term.xorb,
                "unpacked_length": term.size_bytes,
                "range": {"start": term.chunk_start, "end": term.chunk_end},
            }
            for term in found.cut.terms
        ],
    }


def _chunks(run: FetchRun) -> dict[str, int]:
    return {"start": run.chunk_start, "end": run.chunk_end}


def _bytes(run: FetchRun) -> dict[str, int]:
    return {"start": run.start, "end": run.end - 1}


def _hash(text: str) -> str:
    try:
        from_text(text)
    except ValueError as error:
        raise HashMalformed() from error
    return text


def _span(request: XetRequest) -> tuple[int, int | None] | None:
    """The bytes that a request asks for: the first, and the one after the last."""
    header = request.headers.get("range")
    if header is None:
        return None
    found = _RANGE.fullmatch(header.strip())
    if found is None:
        raise RangeMalformed()
    first, last = found.groups()
    if last and int(last) < int(first):
        raise RangeMalformed()
    return int(first), int(last) + 1 if last else None


async def _shard(request: XetRequest, xet: XetService) -> bytes:
    limit = xet.settings.max_shard_bytes
    parts: list[bytes] = []
    arrived = 0
    async for part in _body(request):
        arrived += len(part)
        if arrived > limit:
            raise ShardTooLarge(limit)
        parts.append(part)
    return b"".join(parts)


async def _body(request: XetRequest) -> AsyncIterator[bytes]:
    """The body as it arrives; a caller who hangs up is no fault of the server."""
    try:
        async for part in request.stream():
            yield part
    except HTTPException as error:
        raise BodyInterrupted() from error


ROOT_ROUTES = [
    reconstruction_v1,
    reconstruction_v2,
    related_xorbs,
    put_xorb,
    put_shard,
    put_shard_v2,
    get_piece,
]
