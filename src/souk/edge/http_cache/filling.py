"""A body on its way in: written down once, and read at the same time by everybody who wants it."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

import structlog

from souk.edge.disk import DiskFull
from souk.edge.http_cache.files import AnswerFiles
from souk.edge.http_cache.stored import CHUNK_BYTES
from souk.edge.upstream import UpstreamFailed

WINDOW: Final = 2
"""Chunks held in memory beside the one that is coming in."""

log = structlog.get_logger("souk.edge")


class Abandoned(Exception):
    """Nobody wants the rest, and it is not to be kept."""


class Reader:
    """Somebody who reads a body from its beginning; `at` is how far they are."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at = 0


class Filling:
    """A body that comes in chunk by chunk.

    What is kept goes to its file as fast as it comes. What is not kept (too large, a full disk, not
    allowed) waits for those who read it, so that it never takes more memory than the window.

    Args:
        name: of its file; None when it is not to be kept.
        limit_bytes: beyond this it is no longer kept.
        announced: how many bytes it is said to have.
    """

    def __init__(
        self,
        files: AnswerFiles,
        *,
        name: str | None,
        limit_bytes: int,
        announced: int | None = None,
    ) -> None:
        self._files = files
        self._limit_bytes = limit_bytes
        self._announced = announced
        self._file: int | None = None
        self._recent: dict[int, bytes] = {}
        self._tail = bytearray()
        self._closed = 0
        self._readers: set[Reader] = set()
        self._changed = asyncio.Event()
        self._moved = asyncio.Event()
        self._written = 0
        self.name = name
        self.digests = bytearray()
        self.size = 0
        self.done = False
        self.closed = False
        """Whether its file is let go of: who comes now finds it in the store, or not at all."""
        self.settled = asyncio.Event()
        """Set once it is kept, or known that it is not."""
        self.error: UpstreamFailed | None = None

    @property
    def kept(self) -> bool:
        """Whether it is being written to its file."""
        return self.name is not None

    @property
    def all_here(self) -> bool:
        """Whether nothing more of it will come."""
        return self.done or (self._announced is not None and self.size >= self._announced)

    async def take(self, source: AsyncIterator[bytes]) -> None:
        """Takes in all of it.

        Raises:
            UpstreamFailed: it broke off; readers get the same.
            Abandoned: nobody reads it, and it is not kept.
        """
        try:
            async for piece in source:
                self._tail += piece
                self.size += len(piece)
                while len(self._tail) >= CHUNK_BYTES:
                    await self._close_chunk(CHUNK_BYTES)
                self._wake()
            if self._tail:
                await self._close_chunk(len(self._tail))
            self.done = True
        except UpstreamFailed as error:
            self.error = error
            raise
        finally:
            if not self.done and self.error is None:
                self.error = UpstreamFailed("nobody waits for it any more")
            self._wake()

    async def read(self, reader: Reader) -> bytes:
        """What comes next for a reader; nothing at the end. Raises UpstreamFailed."""
        while True:
            if reader.at < self.size:
                content = await self._content(reader.at)
                reader.at += len(content)
                self._moved.set()
                return content
            if self.error is not None:
                raise self.error
            if self.done:
                return b""
            await self._changed.wait()

    def join(self) -> Reader:
        """A new reader."""
        reader = Reader()
        self._readers.add(reader)
        return reader

    def leave(self, reader: Reader) -> None:
        """A reader has gone or has all."""
        self._readers.discard(reader)
        self._moved.set()

    @property
    def readers(self) -> int:
        return len(self._readers)

    async def close(self) -> None:
        """Lets go of the file, once its last reader has."""
        while self._readers:
            self._moved.clear()
            await self._moved.wait()
        self.closed = True
        await self._end_file()

    async def drop(self) -> None:
        """Removes the file; readers go on."""
        if self.name is not None:
            name, self.name = self.name, None
            await asyncio.to_thread(self._files.drop_bodies, [name])

    async def _content(self, at: int) -> bytes:
        chunk, offset = divmod(at, CHUNK_BYTES)
        if chunk == self._closed:
            return bytes(self._tail[offset:])
        content = self._recent.get(chunk)
        if content is None:
            if self._file is None:
                raise UpstreamFailed("a reader is too far behind")
            content = await asyncio.to_thread(
                os.pread, self._file, CHUNK_BYTES, chunk * CHUNK_BYTES
            )
        return content[offset:] if offset else content

    async def _close_chunk(self, length: int) -> None:
        content = bytes(self._tail[:length])
        if self.kept:
            await self._write(content)
        if not self.kept:
            await self._wait_for_readers()
        self._recent[self._closed] = content
        self._closed += 1
        del self._tail[:length]
        self._recent.pop(self._closed - 1 - WINDOW, None)

    async def _write(self, content: bytes) -> None:
        assert self.name is not None
        try:
            if self._written + len(content) > self._limit_bytes:
                raise DiskFull("it is larger than what may be kept")
            if self._file is None:
                self._file = await asyncio.to_thread(self._files.begin, self.name)
            self.digests += await asyncio.to_thread(
                self._files.append, self._file, content, self._written
            )
            self._written += len(content)
        except (DiskFull, OSError) as error:
            log.warning("an answer is served without being kept", problem=str(error))
            await self.drop()

    async def _wait_for_readers(self) -> None:
        """Until everybody has what leaves the window next, unless the file has it."""
        needed = (self._closed - WINDOW + 1) * CHUNK_BYTES
        while True:
            if not self._readers:
                raise Abandoned("nobody reads it")
            if needed <= self._written or all(one.at >= needed for one in self._readers):
                return
            self._moved.clear()
            self._wake()
            await self._moved.wait()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _end_file(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            with suppress(OSError):
                await asyncio.to_thread(os.close, file)
