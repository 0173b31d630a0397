"""Sending files as clients do, and badly on purpose."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import scope_of
from souk.kernel.actor import Actor
from souk_client.contracts.works import Artifact, Upload, UploadRequest
from tests.works.conftest import Shelf

MIB = 2**20


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def stream_of(content: bytes, *, piece: int = 65_536) -> AsyncIterator[bytes]:
    for at in range(0, len(content), piece):
        await asyncio.sleep(0)
        yield content[at : at + piece]


def part_of(upload: Upload, content: bytes, number: int) -> bytes:
    start = (number - 1) * upload.part_size_bytes
    return content[start : start + upload.part_size_bytes]


async def begin(
    shelf: Shelf,
    database: Database,
    actor: Actor,
    content: bytes,
    *,
    sha256: str | None = None,
    size_bytes: int | None = None,
    filename: str = "model.bin",
) -> Upload:
    request = UploadRequest(
        filename=filename,
        size_bytes=len(content) if size_bytes is None else size_bytes,
        sha256=sha256 or sha256_of(content),
    )
    async with database.transaction(scope_of(actor)) as uow:
        return await shelf.uploads.begin(uow, actor, request)


async def send_parts(
    shelf: Shelf, actor: Actor, upload: Upload, content: bytes, numbers: Iterable[int]
) -> None:
    for number in numbers:
        await shelf.uploads.receive(
            actor, upload.id, number=number, stream=stream_of(part_of(upload, content, number))
        )


async def show(shelf: Shelf, database: Database, actor: Actor, upload_id: str) -> Upload:
    async with database.transaction(scope_of(actor), read_only=True) as uow:
        return await shelf.uploads.show(uow, actor, upload_id)


async def store_file(
    shelf: Shelf, database: Database, actor: Actor, content: bytes, *, filename: str = "model.bin"
) -> Artifact:
    upload = await begin(shelf, database, actor, content, filename=filename)
    if upload.artifact is not None:
        return upload.artifact
    await send_parts(shelf, actor, upload, content, range(1, upload.part_count + 1))
    return await shelf.uploads.complete(actor, upload.id)


async def read_all(shelf: Shelf, sha256: str) -> bytes:
    return b"".join([chunk async for chunk in shelf.artifacts.open(sha256)])
