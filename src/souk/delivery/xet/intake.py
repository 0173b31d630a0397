"""Xorbs as they arrive: spooled to disk, every chunk unpacked and hashed meanwhile, then kept once.

What is durable when: first a note that these bytes are to be removed, then the bytes in the blob
store, then, in one transaction, the xorb's row and that the note is void. Whoever dies in between
leaves bytes that the note finds. Storing and removing hold a lock of the xorb, so that whoever
removes unused bytes never takes those that are just being kept. Nothing is kept of a xorb that is
not what its hash says.
"""

import asyncio
import os
import time
import uuid
from collections.abc import AsyncIterable, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from souk.delivery.xet import removal_store, store
from souk.delivery.xet.errors import BodyInterrupted, XorbInvalid, XorbsWaiting, XorbTooLarge
from souk.delivery.xet.hashes import is_sampled, to_text, xorb_hash
from souk.delivery.xet.model import XorbRow, blob_name, pack_chunks
from souk.delivery.xet.settings import XetSettings
from souk.delivery.xet.tokens import Grant
from souk.delivery.xet.xorbs import (
    FOOTER_MAX_BYTES,
    XORB_TAKEN_BYTES,
    StoredChunk,
    XorbReader,
    leaves,
)
from souk.infra.blobs.durable import make_folder
from souk.infra.blobs.store import BlobStore
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import Unavailable

WRITE_BYTES: Final = 2**20
FORGOTTEN_S: Final = 2 * 3600
"""How old a spooled file must be before a sweep takes it for left behind."""


class _Spool:
    """A xorb on its way to the disk. What is wrong with it is said when all of it has arrived:
    an answer before that would not reach a client that is still sending."""

    def __init__(self, file: BinaryIO) -> None:
        self.reader = XorbReader()
        self._file = file
        self._problem: XorbInvalid | None = None

    def take(self, parts: Sequence[bytes]) -> None:
        """The next bytes."""
        if self._problem is not None:
            return
        block = b"".join(parts)
        self._file.write(block)
        try:
            self.reader.take(block)
        except XorbInvalid as error:
            self._problem = error

    def finish(self, expected: str) -> None:
        """All of it is there, and is what its hash says.

        Raises:
            XorbInvalid. XorbTooLarge.
        """
        if self._problem is not None:
            raise self._problem
        self.reader.finish()
        self._file.flush()
        if self.reader.end > XORB_TAKEN_BYTES:
            raise XorbTooLarge(XORB_TAKEN_BYTES)
        actual = to_text(xorb_hash(leaves(self.reader.chunks)))
        if actual != expected:
            raise XorbInvalid(f"its chunks make the hash {actual}, not {expected}")


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
            Malformed: `xorb_invalid`, `xet_body_interrupted`. TooLarge: `xorb_too_large`.
            Conflict: `xorbs_waiting`. Unavailable: `storage_full`.
        """
        path = await asyncio.to_thread(self._new_file)
        try:
            with path.open("wb") as file:
                spool = _Spool(file)
                await self._spool(stream, spool)
                await asyncio.to_thread(spool.finish, expected)
            async with self._turns:
                return await self._keep(grant, expected, spool.reader, path=path)
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

    async def _spool(self, stream: AsyncIterable[bytes], spool: "_Spool") -> None:
        """Takes in what arrives while the next bytes arrive; never holds more than a few MiB."""
        limit = XORB_TAKEN_BYTES + FOOTER_MAX_BYTES
        arrived = waiting = 0
        parts: list[bytes] = []
        pending: asyncio.Future[None] | None = None
        try:
            async with asyncio.timeout(self._settings.body_timeout_s):
                async for chunk in stream:
                    arrived += len(chunk)
                    waiting += len(chunk)
                    if arrived > limit:
                        raise XorbTooLarge(XORB_TAKEN_BYTES)
                    parts.append(chunk)
                    if waiting >= WRITE_BYTES:
                        if pending is not None:
                            await pending
                        pending = asyncio.ensure_future(asyncio.to_thread(spool.take, parts))
                        parts, waiting = [], 0
        except TimeoutError as error:
            raise BodyInterrupted() from error
        finally:
            if pending is not None:  # a thread cannot be cancelled: nobody closes its file
                await asyncio.wait([pending])
        if pending is not None:
            await pending
        await asyncio.to_thread(spool.take, parts)

    async def _keep(self, grant: Grant, xorb: str, reader: XorbReader, *, path: Path) -> bool:
        chunks, end = reader.chunks, reader.end
        organisation_id = grant.organisation_id
        async with self._database.transaction(SYSTEM) as uow:
            waiting = await store.unused_bytes(uow, organisation_id)
            if waiting + end > self._settings.max_unused_bytes:
                raise XorbsWaiting(waiting)
            await removal_store.to_be_removed(uow, xorb)
        async with self._database.transaction(SYSTEM) as uow:
            await removal_store.lock_xorb(uow, xorb)
            known = await store.locked_xorb(uow, xorb)
            if known is None or not await self._is_stored(known):
                await asyncio.to_thread(os.truncate, path, end)
                await self._blobs.put_file(blob_name(xorb), path)
            if known is None:
                await note(uow, row_of(xorb, chunks))
            await removal_store.removed(uow, xorb)
            await store.touch(uow, [xorb])
            return bool(await store.add_holder(uow, [xorb], organisation_id=organisation_id))

    async def _is_stored(self, row: XorbRow) -> bool:
        """Whether a known xorb's bytes are there: a restored backup may lack unused ones."""
        if row.source_sha256 is not None:
            return True
        return await self._blobs.size(blob_name(row.hash)) is not None

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
