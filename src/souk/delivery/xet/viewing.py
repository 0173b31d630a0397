"""Plain artifacts as Xet: cut and hashed once, and then read from where they lie.

What is made are xorbs without bytes of their own: rows that say which piece of the artifact they
are. Nothing is stored twice, and versions sent by Xet later may be built on them.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from souk.delivery.xet import removal_store, store
from souk.delivery.xet.chunking import CHUNK_MAX_BYTES, Boundaries
from souk.delivery.xet.hashes import Leaf, chunk_hash, file_hash, to_text, xorb_hash
from souk.delivery.xet.intake import note
from souk.delivery.xet.model import FileRow, Term, XorbRow, pack_chunks, plain_chunks
from souk.delivery.xet.xorbs import HEADER_BYTES, XORB_MAX_BYTES, XORB_MAX_CHUNKS
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.works.artifacts.api import Artifacts

BLOCK_BYTES: Final = 8 * 2**20
"""How much of a file is cut at once."""


class View(msgspec.Struct, frozen=True):
    """A xorb that is a piece of an artifact, and the term by which the file has it."""

    xorb: XorbRow
    term: Term


class Cutter:
    """Cuts a file that comes by in blocks; the last chunk of each waits for the next block."""

    def __init__(self) -> None:
        self._boundaries = Boundaries()
        self._rest = b""
        self.leaves: list[Leaf] = []

    def take(self, block: bytes, *, last: bool = False) -> None:
        """The next bytes."""
        content = self._rest + block
        array: NDArray[np.uint8] = np.frombuffer(content, dtype=np.uint8)
        view = memoryview(content)
        start = 0
        while start < len(content):
            if len(content) - start < CHUNK_MAX_BYTES and not last:
                break
            end = self._boundaries.next(array, start) or len(content)
            self.leaves.append((chunk_hash(view[start:end]), end - start))
            start = end
        self._rest = content[start:]


class Viewer:
    """Makes plain artifacts readable by Xet."""

    def __init__(self, database: Database, artifacts: Artifacts) -> None:
        self._database = database
        self._artifacts = artifacts

    async def make_readable(self, sha256: str) -> str | None:
        """The Xet hash of an artifact, from now on its own; None when it is not there.

        Safe to repeat after a crash at any moment.
        """
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            artifact = (await self._artifacts.get_many(uow, [sha256])).get(sha256)
            known = await store.file_of(uow, sha256)
        if known is not None or artifact is None:
            return None if known is None else known.hash
        leaves = await self._cut(self._artifacts.open(sha256))
        views = _views(sha256, leaves)
        file = FileRow(
            hash=to_text(file_hash(leaves)), sha256=sha256, size_bytes=artifact.size_bytes
        )
        async with self._database.transaction(SYSTEM) as uow:
            await self._record(uow, file, views)
        return file.hash

    async def _cut(self, stream: AsyncIterator[bytes]) -> list[Leaf]:
        cutter = Cutter()
        parts: list[bytes] = []
        filled = 0
        async for part in stream:
            parts.append(part)
            filled += len(part)
            if filled >= BLOCK_BYTES:
                await asyncio.to_thread(cutter.take, b"".join(parts))
                parts, filled = [], 0
        await asyncio.to_thread(cutter.take, b"".join(parts), last=True)
        return cutter.leaves

    async def _record(self, uow: UnitOfWork, file: FileRow, views: Sequence[View]) -> None:
        for view in sorted(views, key=lambda view: view.xorb.hash):
            await removal_store.lock_xorb(uow, view.xorb.hash)
            await note(uow, view.xorb)
        await store.add_file(uow, file, [view.term for view in views])
        xorbs = [view.xorb.hash for view in views]
        for organisation_id in await self._artifacts.holders(uow, file.sha256):
            await store.add_holder(uow, xorbs, organisation_id=organisation_id)


def _views(sha256: str, leaves: Sequence[Leaf]) -> list[View]:
    views = []
    start = 0
    for group in _groups(leaves):
        chunks = plain_chunks(group)
        xorb = to_text(xorb_hash(group))
        size = sum(length for _, length in group)
        row = XorbRow(
            hash=xorb,
            chunk_count=len(chunks),
            size_bytes=size,
            stored_bytes=chunks[-1].end,
            chunks=pack_chunks(chunks),
            source_sha256=sha256,
            source_start=start,
        )
        term = Term(
            file_start=start, size_bytes=size, xorb=xorb, chunk_start=0, chunk_end=len(chunks)
        )
        views.append(View(row, term))
        start += size
    return views


def _groups(leaves: Sequence[Leaf]) -> list[list[Leaf]]:
    """Chunks in order, as many together as a xorb may have."""
    groups: list[list[Leaf]] = []
    filled = XORB_MAX_BYTES
    for leaf in leaves:
        length = HEADER_BYTES + leaf[1]
        if filled + length > XORB_MAX_BYTES or len(groups[-1]) == XORB_MAX_CHUNKS:
            groups.append([])
            filled = 0
        groups[-1].append(leaf)
        filled += length
    return groups
