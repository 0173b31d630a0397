"""Downloads at a node: a signed address in, checked bytes out."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from urllib.parse import unquote

import structlog

from souk.edge.answers import Headers, Refused, cache_status, etag_of, file_head
from souk.edge.asgi import Incoming, Outgoing, Watch
from souk.edge.clock import HomeClock
from souk.edge.commands import Revocations
from souk.edge.disk import SliceKey
from souk.edge.filling import Filler, Piece
from souk.edge.ranges import Part, is_not_modified, is_refused, wanted_parts
from souk.edge.settings import EdgeSettings
from souk.edge.slices import SLICE_BYTES, Cut, cuts
from souk.edge.store import SliceStore
from souk.edge.tickets import EdgeTicket, TicketReader, TicketRefused
from souk.edge.upstream import Asked, UpstreamFailed, Upstreams
from souk.edge.usage import Served, Usage

log = structlog.get_logger("souk.edge")

_PEER_GRACE_S = 3600
"""A peer goes on fetching for a download that began in time; home looks at the licence."""


class CutOff(Exception):
    """An answer that cannot be finished: the connection is closed short of its length."""


class Downloads:
    """Serves `/d/<ticket>/<file name>`."""

    def __init__(
        self,
        settings: EdgeSettings,
        *,
        clock: HomeClock,
        reader: TicketReader,
        revocations: Revocations,
        store: SliceStore,
        filler: Filler,
        upstreams: Upstreams,
        usage: Usage,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._reader = reader
        self._revocations = revocations
        self._store = store
        self._filler = filler
        self._upstreams = upstreams
        self._usage = usage
        self._cache = f"souk-{settings.region}"
        self.under_way = 0
        self.idle = asyncio.Event()
        """Set while nothing is under way."""
        self.idle.set()

    async def serve(self, request: Incoming, answer: Outgoing) -> None:
        """Answers one GET or HEAD.

        Raises:
            Refused: it is answered with a problem.
            CutOff: bytes were sent, and the rest cannot be.
        """
        started = time.perf_counter()
        asked = self._admit(request)
        ticket = asked.ticket
        etag = etag_of(ticket)
        if is_refused(request.header("if-match"), etag):
            raise Refused(412, "precondition_failed", "This address has other bytes than those.")
        if is_not_modified(request.header("if-none-match"), etag):
            await answer.whole(304, file_head(ticket, cache_status=f"{self._cache}; hit"))
            return
        parts = self._parts(request, ticket)
        if parts is not None and not parts:
            head = file_head(ticket, cache_status=f"{self._cache}; hit")
            size = ("content-range", f"bytes */{ticket.size_bytes}")
            await answer.whole(416, [*head, size, ("content-length", "0")])
            return
        download = _Download(self, asked, parts)
        if request.method == "HEAD":
            await answer.whole(download.status, download.head())
            return
        await self._send(download, request, answer, started)

    async def _send(
        self, download: "_Download", request: Incoming, answer: Outgoing, started: float
    ) -> None:
        if self.under_way >= self._settings.downloads:
            raise Refused(
                503, "node_busy", "This node has as many downloads as it takes.", retry_after_s=1
            )
        self.under_way += 1
        self.idle.clear()
        first_byte_s: float | None = None
        failed = True
        try:
            head = download.head()
            whole = await download.at_once()
            first_byte_s = time.perf_counter() - started
            if whole is not None:
                await answer.whole(download.status, head, whole)
            else:
                await answer.begin(download.status, head)
                await self._stream(download, request, answer)
            failed = False
        except UpstreamFailed as error:
            raise self._refusal(error) from error
        finally:
            self.under_way -= 1
            if not self.under_way:
                self.idle.set()
            if not download.asked.hops:
                self._usage.count(
                    Served(
                        organisation_id=download.asked.ticket.organisation_id,
                        bytes_sent=download.sent,
                        hit_bytes=download.hit,
                        first_byte_s=first_byte_s or time.perf_counter() - started,
                        failed=failed,
                    ),
                    now_s=self._clock.now_s(),
                )

    async def _stream(self, download: "_Download", request: Incoming, answer: Outgoing) -> None:
        watch = Watch(request)
        try:
            async for content in download.content():
                async with asyncio.timeout(self._settings.send_s):
                    await answer.more(content)
                if watch.gone:
                    raise CutOff("the client has gone")
                if download.asked.ticket.licence_id in self._revocations:
                    raise CutOff("the licence has ended")
            await answer.end()
        except TimeoutError as error:
            raise CutOff("the client reads too slowly") from error
        except UpstreamFailed as error:
            raise CutOff(str(error)) from error
        finally:
            await watch.end()

    def _admit(self, request: Incoming) -> Asked:
        _, _, rest = request.path.partition("/d/")
        text, _, name = rest.partition("/")
        hops = self._upstreams.hops_of(request.header("souk-edge-hop"))
        try:
            ticket = self._reader.read(
                text, now_s=self._clock.now_s(), grace_s=_PEER_GRACE_S if hops else 0.0
            )
        except TicketRefused as error:
            raise Refused(error.status, error.code, error.detail) from error
        if ticket.filename not in {name, unquote(name)}:
            raise Refused(403, "address_invalid", "This address was not made by the marketplace.")
        if ticket.regions and self._settings.region not in ticket.regions:
            raise Refused(403, "address_elsewhere", "This address is for nodes of other regions.")
        if ticket.licence_id in self._revocations:
            raise Refused(403, "licence_not_good", "The licence of this address has ended.")
        return Asked(ticket=ticket, text=text, hops=hops)

    def _parts(self, request: Incoming, ticket: EdgeTicket) -> Sequence[Part] | None:
        wanted = request.header("range")
        if_range = request.header("if-range")
        if wanted is None or (if_range is not None and if_range != etag_of(ticket)):
            return None
        return wanted_parts(wanted, ticket.size_bytes)

    def _refusal(self, error: UpstreamFailed) -> Refused:
        if error.status in {401, 403, 404, 410}:
            return Refused(403, "licence_not_good", "The marketplace does not give these bytes.")
        log.warning("a download failed", problem=str(error), status=error.status)
        return Refused(
            502, "origin_failed", "The bytes cannot be had now; try again.", retry_after_s=1
        )

    def present(self, sha256: str, numbers: Iterator[int]) -> tuple[int, int]:
        """How many of these slices are here, and how many they are."""
        found = [self._store.has(SliceKey(sha256, number)) for number in numbers]
        return sum(found), len(found)

    def hot(self, sha256: str, number: int) -> bytes | None:
        """A slice that is in memory."""
        return self._store.hot(SliceKey(sha256, number))

    async def piece(self, asked: Asked, number: int, until: int) -> Piece:
        """A checked slice, from here or elsewhere."""
        return await self._filler.slice(asked, number, until=until)

    @property
    def cache(self) -> str:
        """This cache's name in `Cache-Status`."""
        return self._cache


class _Download:
    """One answer: its head, and its bytes in order."""

    def __init__(self, owner: Downloads, asked: Asked, parts: Sequence[Part] | None) -> None:
        size = asked.ticket.size_bytes
        self._owner = owner
        self._parts = list(parts) if parts is not None else [Part(0, size)]
        self._several = len(self._parts) > 1
        self._boundary = secrets.token_hex(16)
        self._first: Piece | None = None
        self.asked = asked
        self.status = 200 if parts is None else 206
        self.sent = 0
        self.hit = 0

    def head(self) -> Headers:
        """The headers, with the length of the whole body."""
        ticket = self.asked.ticket
        present, wanted = self._owner.present(ticket.sha256, self._numbers())
        status = cache_status(self._owner.cache, present=present, wanted=wanted)
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

    async def at_once(self) -> bytes | None:
        """The whole body, when it is one piece; else its first slice is made ready.

        Raises:
            UpstreamFailed: it cannot be had; nothing was sent yet.
        """
        first = next(cuts(self._parts[0].start, self._parts[0].end), Cut(0, 0, 0))
        sha256 = self.asked.ticket.sha256
        hot = self._owner.hot(sha256, first.index)
        if hot is not None:
            self._first = Piece(hot, True)
        else:
            self._first = await self._owner.piece(
                self.asked, first.index, _until(self._parts[0].end)
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
                    piece = await self._owner.piece(self.asked, cut.index, until)
                ahead = None
                if cut.index + 1 < until:
                    following = self._owner.piece(self.asked, cut.index + 1, until)
                    ahead = asyncio.create_task(following)
                yield self._take(piece, cut)
        finally:
            if ahead is not None:
                ahead.cancel()

    def _take(self, piece: Piece, cut: Cut) -> bytes:
        whole = cut.start == 0 and cut.end == len(piece.content)
        content = piece.content if whole else piece.content[cut.start : cut.end]
        self.sent += len(content)
        self.hit += len(content) if piece.hit else 0
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
