"""Xorbs as they arrive: spooled to disk, every chunk unpacked and hashed, then kept once.

What is durable when: the bytes in the blob store before the xorb's row, both under a lock of the
xorb, so that whoever removes unused bytes never takes those that are just being kept. Nothing is
kept of a xorb that is not what its hash says.
"""

import asyncio
import os
import time
import uuid
from collections.abc import AsyncIterable, Sequence
from pathlib import Path
from typing import Final

from souk.delivery.xet import store
from souk.delivery.xet.errors import BodyInterrupted, XorbInvalid, XorbTooLarge
from souk.delivery.xet.hashes import is_sampled, to_text, xorb_hash
from souk.delivery.xet.model import XorbRow, blob_name, pack_chunks
from souk.delivery.xet.settings import XetSettings
from souk.delivery.xet.tokens import Grant
from souk.delivery.xet.xorbs import (
    XORB_MAX_CHUNKS,
    XORB_TAKEN_BYTES,
    StoredChunk,
    leaves,
    read_xorb,
)
from souk.infra.blobs.durable import make_folder
from souk.infra.blobs.store import BlobStore
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import Unavailable

FOOTER_MAX_BYTES: Final = 1024 + 48 * XORB_MAX_CHUNKS
"""What a client may put behind the chunks; it is dropped."""
FORGOTTEN_S: Final = 2 * 3600
"""How old a spooled file must be before a sweep takes it for left behind."""


class XorbIntake:
    """Takes xorbs in."""

    def __init__(
        self, database: Database, blobs: BlobStore, *, folder: Path, settings: XetSettings
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._folder = folder
        self._settings = settings
        self._turns = asyncio.Semaphore(settings.xorb_workers)

    async def receive(self, grant: Grant, expected: str, stream: AsyncIterable[bytes]) -> bool:
        """Keeps a xorb, whose bytes are durable then; False when the organisation held it before.

        A xorb that somebody else has sent is read just the same: its hash alone proves nothing.

        Raises:
            Malformed: `xorb_invalid`. TooLarge: `xorb_too_large`. Unavailable: `storage_full`.
        """
        path = await asyncio.to_thread(self._new_file)
        try:
            await self._spool(stream, path)
            async with self._turns:
                chunks, end = await asyncio.to_thread(_check, path, expected)
                return await self._keep(grant, expected, chunks, path=path, end=end)
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def sweep(self) -> int:
        """Removes what requests that died left behind; answers how many files that were."""
        return await asyncio.to_thread(self._sweep)

    def _new_file(self) -> Path:
        make_folder(self._folder)
        free = os.statvfs(self._folder)
        if free.f_bavail * free.f_frsize < self._settings.free_bytes_kept + XORB_TAKEN_BYTES:
            raise Unavailable(
                "storage_full",
                "The marketplace's disk has no room for this now; try again later.",
            )
        return self._folder / uuid.uuid4().hex

    async def _spool(self, stream: AsyncIterable[bytes], path: Path) -> None:
        limit = XORB_TAKEN_BYTES + FOOTER_MAX_BYTES
        arrived = 0
        try:
            with path.open("wb") as file:
                async with asyncio.timeout(self._settings.body_timeout_s):
                    async for chunk in stream:
                        arrived += len(chunk)
                        if arrived > limit:
                            raise XorbTooLarge(XORB_TAKEN_BYTES)
                        await asyncio.to_thread(file.write, chunk)
        except TimeoutError as error:
            raise BodyInterrupted() from error

    async def _keep(
        self, grant: Grant, xorb: str, chunks: Sequence[StoredChunk], *, path: Path, end: int
    ) -> bool:
        row = row_of(xorb, chunks)
        async with self._database.transaction(SYSTEM) as uow:
            await store.lock_xorb(uow, xorb)
            if not await store.xorbs(uow, [xorb]):
                await asyncio.to_thread(os.truncate, path, end)
                await self._blobs.put_file(blob_name(xorb), path)
                await store.removed(uow, xorb)
                await note(uow, row)
            else:
                await store.touch(uow, [xorb])
            return bool(await store.add_holder(uow, [xorb], organisation_id=grant.organisation_id))

    def _sweep(self) -> int:
        if not self._folder.is_dir():
            return 0
        before = time.time() - FORGOTTEN_S
        old = [path for path in self._folder.iterdir() if path.stat().st_mtime < before]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)


def row_of(xorb: str, chunks: Sequence[StoredChunk]) -> XorbRow:
    """A xorb with bytes of its own."""
    return XorbRow(
        hash=xorb,
        chunk_count=len(chunks),
        size_bytes=sum(chunk.size_bytes for chunk in chunks),
        stored_bytes=chunks[-1].end,
        chunks=pack_chunks(chunks),
    )


async def note(uow: UnitOfWork, row: XorbRow) -> None:
    """Writes a xorb's row, and where the chunks are that clients ask for."""
    await store.add_xorb(uow, row)
    hashes = row.hashes()
    asked = {hashes[0], *(value for value in hashes if is_sampled(value))}
    texts = [to_text(value) for value in asked]
    await store.add_places(uow, texts, [row.hash] * len(texts))


def _check(path: Path, expected: str) -> tuple[list[StoredChunk], int]:
    if not path.stat().st_size:
        raise XorbInvalid("it is empty")
    chunks, end = read_xorb(memoryview(path.read_bytes()))
    if end > XORB_TAKEN_BYTES:
        raise XorbTooLarge(XORB_TAKEN_BYTES)
    actual = to_text(xorb_hash(leaves(chunks)))
    if actual != expected:
        raise XorbInvalid(f"its chunks make the hash {actual}, not {expected}")
    return chunks, end
