"""One answer of a node: its head, and its bytes in order."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence

from souk.edge.answers import Headers, file_head
from souk.edge.disk import SliceKey
from souk.edge.filling import Filler, Piece
from souk.edge.ranges import Part
from souk.edge.slices import SLICE_BYTES, Cut, cuts
from souk.edge.store import SliceStore
from souk.edge.upstream import Asked


class Download:
    """One answer: its head, and its bytes in order."""

    def __init__(
        self,
        asked: Asked,
        parts: Sequence[Part] | None,
        *,
        store: SliceStore,
        filler: Filler,
        cache: str,
    ) -> None:
        size = asked.ticket.size_bytes
        self._store = store
        self._filler = filler
        self._cache = cache
        self._parts = list(parts) if parts is not None else [Part(0, size)]
        self._several = len(self._parts) > 1
        self._boundary = secrets.token_hex(16) if self._several else ""
        self._first: Piece | None = None
        self._missing: set[int] = set()
        self.asked = asked
        self.status = 200 if parts is None else 206
        self.sent = 0
        self.hit = 0

    def head(self) -> Headers:
        """The headers, with the length of the whole body."""
        ticket = self.asked.ticket
        status = f"{self._cache}; {self.said()}"
        length = sum(part.length for part in self._parts)
        kind = ticket.media_type
        ranges = []
        if self._several:
            length += sum(len(self._opening(part)) for part in self._parts) + len(self._ending())
            kind = f"multipart/byteranges; boundary={self._boundary}"
        elif self.status == 206:
            ranges = [("content-range", self._content_range(self._parts[0]))]
        return [
            ("content-type", kind),
            ("content-length", str(length)),
            *ranges,
            *file_head(ticket, cache_status=status),
        ]

    def said(self) -> str:
        """`hit`, `fwd=miss` or `fwd=partial`: how much of it is here."""
        sha256 = self.asked.ticket.sha256
        wanted = set(self._numbers())
        self._missing = {n for n in wanted if not self._store.has(SliceKey(sha256, n))}
        if not self._missing:
            return "hit"
        return "fwd=partial" if len(self._missing) < len(wanted) else "fwd=miss"

    def present(self) -> int:
        """How many bytes of the body are here, as far as is known."""
        sha256 = self.asked.ticket.sha256
        return sum(
            cut.end - cut.start
            for part in self._parts
            for cut in cuts(part.start, part.end)
            if self._store.has(SliceKey(sha256, cut.index))
        )

    async def at_once(self) -> bytes | None:
        """The whole body, when it is one piece; else its first slice is made ready.

        Raises:
            UpstreamFailed: it cannot be had; nothing was sent yet.
        """
        first = next(cuts(self._parts[0].start, self._parts[0].end), Cut(0, 0, 0))
        sha256 = self.asked.ticket.sha256
        hot = self._store.hot(SliceKey(sha256, first.index))
        if hot is not None:
            self._first = Piece(hot, True)
        else:
            self._first = await self._filler.slice(
                self.asked, first.index, until=_until(self._parts[0].end)
            )
        if self._several or self._parts[0].length > first.end - first.start:
            return None
        return self._take(self._first, first)

    async def content(self) -> AsyncIterator[bytes]:
        """The body, a slice at a time; the next one is fetched while one is being sent."""
        for part in self._parts:
            if self._several:
                yield self._opening(part)
            async for content in self._part(part):
                yield content
        if self._several:
            yield self._ending()

    async def _part(self, part: Part) -> AsyncIterator[bytes]:
        until = _until(part.end)
        ahead: asyncio.Task[Piece] | None = None
        try:
            for cut in cuts(part.start, part.end):
                if self._first is not None:
                    piece, self._first = self._first, None
                elif ahead is not None:
                    piece = await ahead
                else:
                    piece = await self._filler.slice(self.asked, cut.index, until=until)
                ahead = None
                if cut.index + 1 < until:
                    following = self._filler.slice(self.asked, cut.index + 1, until=until)
                    ahead = asyncio.create_task(following)
                yield self._take(piece, cut)
        finally:
            if ahead is not None:
                ahead.cancel()

    def _take(self, piece: Piece, cut: Cut) -> bytes:
        whole = cut.start == 0 and cut.end == len(piece.content)
        content = piece.content if whole else piece.content[cut.start : cut.end]
        self.sent += len(content)
        # What a fetch for this very answer has brought on the way was not here.
        self.hit += len(content) if piece.hit and cut.index not in self._missing else 0
        return content

    def _numbers(self) -> Iterator[int]:
        for part in self._parts:
            yield from range(part.start // SLICE_BYTES, max(1, _until(part.end)))

    def _content_range(self, part: Part) -> str:
        return f"bytes {part.start}-{part.end - 1}/{self.asked.ticket.size_bytes}"

    def _opening(self, part: Part) -> bytes:
        kind = self.asked.ticket.media_type
        head = f"content-type: {kind}\r\ncontent-range: {self._content_range(part)}\r\n\r\n"
        return f"\r\n--{self._boundary}\r\n{head}".encode()

    def _ending(self) -> bytes:
        return f"\r\n--{self._boundary}--\r\n".encode()


def _until(end: int) -> int:
    return -(-end // SLICE_BYTES)
