"""The bytes of xorbs, and the bytes of files that are made of them."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from souk.delivery.xet import store
from souk.delivery.xet.model import Term, XorbRow, blob_name
from souk.delivery.xet.xorbs import pack_header, unpack_run
from souk.infra.blobs.store import BlobStore
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM

RUN_BYTES: Final = 4 * 2**20
"""How much of a file is unpacked at once."""
YIELD_BYTES: Final = 2**20
TERMS_AT_ONCE: Final = 16
"""For how many terms the xorbs are looked up together."""


class PlainContent(Protocol):
    """Reads artifacts that are stored as one blob."""

    def read(
        self, sha256: str, *, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]: ...


class Run(msgspec.Struct, frozen=True):
    """Chunks of a xorb that are unpacked together, and where their bytes stand in the file."""

    xorb: XorbRow
    chunk_start: int
    chunk_end: int
    file_start: int


class BytesMissing(Exception):
    """A xorb is known, and its bytes are not there: a backup was restored that lacks them."""

    def __init__(self, xorb: str) -> None:
        super().__init__(xorb)
        self.xorb = xorb


class XetContent:
    """Implements works' `PiecewiseContent`, and reads pieces of xorbs as they are sent."""

    def __init__(self, database: Database, blobs: BlobStore, *, plain: PlainContent) -> None:
        self._database = database
        self._blobs = blobs
        self._plain = plain

    async def size(self, sha256: str) -> int | None:
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            file = await store.file_of(uow, sha256)
        return None if file is None else file.size_bytes

    async def read(self, sha256: str, *, start: int, end: int) -> AsyncIterator[bytes]:
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            file = await store.file_of(uow, sha256)
            assert file is not None, "whoever reads has asked for the size"
            terms = await store.terms(uow, file.hash, start=start, end=end)
        for at in range(0, len(terms), TERMS_AT_ONCE):
            some = terms[at : at + TERMS_AT_ONCE]
            async with self._database.transaction(SYSTEM, read_only=True) as uow:
                xorbs = await store.xorbs(uow, {term.xorb for term in some})
            async for pieces in self.read_terms(some, xorbs, start=start, end=end):
                for block in _joined(pieces):
                    yield block

    async def read_terms(
        self, terms: Sequence[Term], xorbs: Mapping[str, XorbRow], *, start: int, end: int
    ) -> AsyncGenerator[list[memoryview], None]:
        """The bytes from `start` up to `end` of the file that these terms are, one run ahead.

        Each run comes in the pieces in which it lay, so that nothing is copied.
        """
        pending: asyncio.Future[list[memoryview]] | None = None
        expected: Run | None = None
        try:
            for run in _runs(terms, xorbs, start=start, end=end):
                ahead = asyncio.ensure_future(self._unpacked(run))
                if pending is not None and expected is not None:
                    done, pending = pending, ahead
                    yield _clip(await done, expected.file_start, start=start, end=end)
                pending, expected = ahead, run
            if pending is not None and expected is not None:
                done, pending = pending, None
                yield _clip(await done, expected.file_start, start=start, end=end)
        finally:
            if pending is not None:
                pending.cancel()

    async def xorb_bytes(self, xorb: XorbRow, *, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes of a xorb as it is sent, from `start` up to `end`."""
        if xorb.source_sha256 is None:
            async for chunk in self._blobs.read(blob_name(xorb.hash), start=start, end=end):
                yield chunk
            return
        for first, last in _plain_runs(xorb, start=start, end=end):
            run_start, run_end = xorb.byte_range(first, last)
            whole = await self._view(xorb, first, last)
            yield whole[max(start - run_start, 0) : min(end, run_end) - run_start]

    async def _unpacked(self, run: Run) -> list[memoryview]:
        xorb = run.xorb
        if xorb.source_sha256 is not None:
            return [memoryview(await self._plain_bytes(xorb, run.chunk_start, run.chunk_end))]
        start, end = xorb.byte_range(run.chunk_start, run.chunk_end)
        name = blob_name(xorb.hash)
        try:
            packed = await self._blobs.get(name, start=start, end=end)
        except FileNotFoundError as error:
            raise BytesMissing(xorb.hash) from error
        return await asyncio.to_thread(_unpack, packed)

    async def _view(self, xorb: XorbRow, first: int, last: int) -> bytes:
        """Chunks of a plain artifact with the headers that they would have in a xorb."""
        raw = memoryview(await self._plain_bytes(xorb, first, last))
        parts: list[bytes | memoryview] = []
        at = 0
        for size in xorb.sizes()[first:last]:
            parts += [pack_header(size), raw[at : at + size]]
            at += size
        return b"".join(parts)

    async def _plain_bytes(self, xorb: XorbRow, first: int, last: int) -> bytes:
        assert xorb.source_sha256 is not None and xorb.source_start is not None
        sizes = xorb.sizes()
        start = xorb.source_start + sum(sizes[:first])
        end = start + sum(sizes[first:last])
        parts = [part async for part in self._plain.read(xorb.source_sha256, start=start, end=end)]
        return b"".join(parts)


def _runs(
    terms: Sequence[Term], xorbs: Mapping[str, XorbRow], *, start: int, end: int
) -> list[Run]:
    """The terms' chunks that overlap a range of the file, in runs that fit into memory."""
    runs = []
    for term in terms:
        xorb = xorbs[term.xorb]
        sizes = xorb.sizes()
        first, at, length = term.chunk_start, term.file_start, 0
        for number in range(term.chunk_start, term.chunk_end):
            length += sizes[number]
            if length >= RUN_BYTES or number + 1 == term.chunk_end:
                if at < end and at + length > start:
                    runs.append(Run(xorb, first, number + 1, at))
                first, at, length = number + 1, at + length, 0
    return runs


def _plain_runs(xorb: XorbRow, *, start: int, end: int) -> list[tuple[int, int]]:
    """Chunks that overlap a range of a xorb's bytes, about a MiB of them at once."""
    runs: list[tuple[int, int]] = []
    first: int | None = None
    for number in range(xorb.chunk_count):
        chunk_start, chunk_end = xorb.byte_range(number, number + 1)
        if chunk_end <= start or chunk_start >= end:
            continue
        first = number if first is None else first
        if chunk_end - xorb.end_of(first - 1) >= YIELD_BYTES:
            runs.append((first, number + 1))
            first = None
        last = number + 1
    if first is not None:
        runs.append((first, last))
    return runs


def _unpack(packed: bytes) -> list[memoryview]:
    return [memoryview(chunk) for chunk in unpack_run(memoryview(packed))]


def _clip(pieces: list[memoryview], at: int, *, start: int, end: int) -> list[memoryview]:
    """What of a run, which begins at `at`, is within the range."""
    clipped = []
    for piece in pieces:
        inside = piece[max(start - at, 0) : max(end - at, 0)]
        if inside:
            clipped.append(inside)
        at += len(piece)
    return clipped


def _joined(pieces: Sequence[memoryview]) -> Iterator[bytes]:
    """Pieces together, as many as make about a MiB."""
    parts: list[memoryview] = []
    filled = 0
    for piece in pieces:
        for at in range(0, len(piece), YIELD_BYTES):
            part = piece[at : at + YIELD_BYTES]
            if filled + len(part) > YIELD_BYTES:
                yield b"".join(parts)
                parts, filled = [], 0
            parts.append(part)
            filled += len(part)
    if parts:
        yield b"".join(parts)
