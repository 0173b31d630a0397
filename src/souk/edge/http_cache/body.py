"""The bytes of a stored answer as they are sent: checked, in order, one part or several."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

from souk.edge.http_cache.fields import Fields, value, without
from souk.edge.http_cache.store import AnswerStore
from souk.edge.http_cache.stored import Stored, cuts
from souk.edge.ranges import Part


class Body:
    """A body or some parts of it. Once `open`, its bytes stay whatever becomes of the answer.

    Args:
        parts: what is sent; the whole when None.
    """

    def __init__(
        self, store: AnswerStore, stored: Stored, parts: Sequence[Part] | None = None
    ) -> None:
        self._store = store
        self._stored = stored
        self._parts = [Part(0, stored.size_bytes)] if parts is None else list(parts)
        self._several = len(self._parts) > 1
        self._boundary = secrets.token_hex(16) if self._several else ""
        self._kind = value(stored.fields, "content-type") or "application/octet-stream"
        self._files: dict[str, int] = {}
        self._first: bytes | None = None
        self.is_part = parts is not None

    async def open(self) -> bytes | None:
        """Makes the first bytes ready; all of them when that is all there is.

        Raises:
            Damaged: they are not what was written; the answer is gone.
        """
        part = self._parts[0]
        planned = list(cuts(self._stored, part))
        if len(planned) > 1 or self._several:
            for segment in {
                cut.segment.file: cut.segment
                for one in self._parts
                for cut in cuts(self._stored, one)
            }.values():
                opened = await asyncio.to_thread(self._store.files.open, segment)
                self._files[segment.file] = opened
        if not planned:
            self._first = b""
        else:
            file = self._files.get(planned[0].segment.file)
            self._first = await self._store.read(self._stored, planned[0], file=file)
        return self._first if len(planned) <= 1 and not self._several else None

    def fields(self) -> Fields:
        """The answer's fields with what is sent of it."""
        stored = self._stored
        length = sum(part.length for part in self._parts)
        if not self.is_part:
            return [*without(stored.fields, {"content-length"}), ("content-length", str(length))]
        if not self._several:
            ranged = ("content-range", self._content_range(self._parts[0]))
            kept = without(stored.fields, {"content-length", "content-range"})
            return [*kept, ("content-length", str(length)), ranged]
        length += sum(len(self._opening(part)) for part in self._parts) + len(self._ending())
        kept = without(stored.fields, {"content-length", "content-range", "content-type"})
        kind = f"multipart/byteranges; boundary={self._boundary}"
        return [*kept, ("content-length", str(length)), ("content-type", kind)]

    async def pieces(self) -> AsyncIterator[bytes]:
        """What is sent, in order. Raises Damaged."""
        for part in self._parts:
            if self._several:
                yield self._opening(part)
            for cut in cuts(self._stored, part):
                if self._first is not None:
                    content, self._first = self._first, None
                else:
                    file = self._files.get(cut.segment.file)
                    content = await self._store.read(self._stored, cut, file=file)
                yield content
        if self._several:
            yield self._ending()

    async def close(self) -> None:
        """Lets go of the files."""
        files, self._files = self._files, {}
        for file in files.values():
            with suppress(OSError):
                await asyncio.to_thread(os.close, file)

    def _content_range(self, part: Part) -> str:
        return f"bytes {part.start}-{part.end - 1}/{self._stored.size_bytes}"

    def _opening(self, part: Part) -> bytes:
        head = f"content-type: {self._kind}\r\ncontent-range: {self._content_range(part)}\r\n\r\n"
        return f"\r\n--{self._boundary}\r\n{head}".encode("latin-1")

    def _ending(self) -> bytes:
        return f"\r\n--{self._boundary}--\r\n".encode()
