"""HTTP: what a licence opens, and the bytes at a signed address."""

from typing import Any
from urllib.parse import quote

from litestar import MediaType, Request, Response, get, head
from litestar.datastructures import State
from litestar.response import Stream

from souk.delivery.downloads.nearby import Nearby
from souk.delivery.downloads.ranges import choose_span, is_not_modified
from souk.delivery.downloads.service import DownloadService
from souk.delivery.downloads.tickets import Ticket
from souk.infra.http.dependencies import Service
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.delivery import LicensedFile, LicensedFiles


@get("/licences/{licence_id:str}/files", tags=["delivery"])
async def licensed_files(
    licence_id: str,
    uow: UnitOfWork,
    actor: Actor,
    downloads: DownloadService,
    version: str | None = None,
) -> LicensedFiles:
    """The files a licence opens, each with a signed address that works for five minutes."""
    return await downloads.files(uow, actor, licence_id, version=version)


@get("/licences/{licence_id:str}/devices/{device_id:str}/files", tags=["delivery"])
async def device_files(
    licence_id: str,
    device_id: str,
    uow: UnitOfWork,
    actor: Actor,
    downloads: DownloadService,
    version: str | None = None,
) -> LicensedFiles:
    """The files a licence opens, encrypted for its devices, each with a signed address."""
    return await downloads.device_files(uow, actor, licence_id, device_id, version=version)


@get("/licences/{licence_id:str}/marked-copies/{sha256:str}/file", tags=["delivery"])
async def marked_file(
    licence_id: str, sha256: str, uow: UnitOfWork, actor: Actor, downloads: DownloadService
) -> LicensedFile:
    """A marked copy of the licence, with a signed address that works for five minutes."""
    return await downloads.marked_file(uow, actor, licence_id, sha256)


@get("/d/{ticket:str}/{filename:str}", include_in_schema=False, opt={"transaction": "own"})
async def download(
    ticket: str,
    filename: str,
    request: Request[Any, Any, State],
    downloads: DownloadService,
    nearby: Service[Nearby],
) -> Response[Any]:
    """The bytes, whole or one range of them, or where they are nearer to the client.

    `?from=home` is for clients that cannot reach any node.
    """
    admitted = await downloads.admit(ticket)
    etag, size_bytes = _form(admitted, downloads)
    if is_not_modified(request.headers.get("if-none-match"), etag):
        return Response(None, status_code=304, headers=_headers(admitted, etag, length=None))
    span = choose_span(
        size_bytes,
        etag=etag,
        range_header=request.headers.get("range"),
        if_range=request.headers.get("if-range"),
    )
    headers = _headers(admitted, etag, length=span.length)
    if span.status == 416:
        headers["content-range"] = f"bytes */{size_bytes}"
        return Response(b"", status_code=416, headers=headers)
    if span.status == 206:
        headers["content-range"] = f"bytes {span.start}-{span.end - 1}/{size_bytes}"
    elsewhere = await _elsewhere(admitted, request, nearby)
    await downloads.begin(admitted)
    if elsewhere is not None:
        return Response(
            b"",
            status_code=307,
            headers={"location": elsewhere, "cache-control": "no-store"},
            media_type=MediaType.TEXT,
        )
    return Stream(
        downloads.read(admitted, start=span.start, end=span.end),
        status_code=span.status,
        headers=headers,
        media_type=admitted.media_type,
    )


@head("/d/{ticket:str}/{filename:str}", include_in_schema=False, opt={"transaction": "own"})
async def describe_download(
    ticket: str, filename: str, downloads: DownloadService
) -> Response[None]:
    """What a download would give, without the bytes."""
    admitted = await downloads.admit(ticket)
    etag, size_bytes = _form(admitted, downloads)
    headers = _headers(admitted, etag, length=size_bytes)
    return Response(None, headers=headers, media_type=admitted.media_type)


async def _elsewhere(
    ticket: Ticket, request: Request[Any, Any, State], nearby: Nearby
) -> str | None:
    if ticket.protected_path or request.query_params.get("from") == "home":
        return None  # nodes hold files as they are
    return await nearby.address(
        licence_id=ticket.licence_id,
        sha256=ticket.sha256,
        size_bytes=ticket.size_bytes,
        filename=ticket.filename,
        media_type=ticket.media_type,
        expires_at=ticket.expires_at,
        client_address=str(request.scope["state"].get("address", "")),
    )


def _form(ticket: Ticket, downloads: DownloadService) -> tuple[str, int]:
    """The tag and the length of what leaves: the file, or its protected form."""
    file = downloads.protected(ticket)
    if file is None:
        return f'"{ticket.sha256}"', ticket.size_bytes
    return f'"{ticket.sha256}.protected"', file.stored_bytes


def _headers(ticket: Ticket, etag: str, *, length: int | None) -> dict[str, str]:
    headers = {
        "etag": etag,
        "accept-ranges": "bytes",
        "cache-control": "private, no-transform, max-age=0",
        "content-disposition": f"attachment; filename*=UTF-8''{quote(ticket.filename)}",
    }
    if not ticket.protected_path:
        headers["x-content-sha256"] = ticket.sha256
    if length is not None:
        headers["content-length"] = str(length)
    return headers


ROUTES = [licensed_files, device_files, marked_file]
ROOT_ROUTES = [download, describe_download]
