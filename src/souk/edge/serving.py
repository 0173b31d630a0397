"""Downloads at a node: a signed address in, checked bytes out."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote

import structlog

from souk.edge.answers import Headers, Refused, etag_of, file_head
from souk.edge.asgi import Incoming, Outgoing, Watch, encoded
from souk.edge.clock import HomeClock
from souk.edge.commands import Revocations
from souk.edge.disk import SliceKey
from souk.edge.download import Download
from souk.edge.filling import Filler
from souk.edge.nginx.front import Front
from souk.edge.quick import QuickAnswers
from souk.edge.ranges import Part, is_not_modified, is_refused, wanted_parts
from souk.edge.settings import EdgeSettings
from souk.edge.store import HOT_BYTES, SliceStore
from souk.edge.tickets import EdgeTicket, TicketReader, TicketRefused
from souk.edge.upstream import Asked, UpstreamFailed, Upstreams
from souk.edge.usage import Served, Usage

log = structlog.get_logger("souk.edge")

_PEER_GRACE_S = 3600
"""A peer goes on fetching for a download that began in time; home looks at the licence."""

_ASKING: Final = frozenset({b"range", b"if-match", b"if-none-match"})
"""Headers of requests that want something other than the whole file."""


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
        front: Front | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._reader = reader
        self._revocations = revocations
        self._store = store
        self._filler = filler
        self._upstreams = upstreams
        self._usage = usage
        self._front = front
        self._cache = f"souk-{settings.region}"
        self.quick = QuickAnswers(
            clock=clock, reader=reader, revocations=revocations, store=store, usage=usage
        )
        self.under_way = 0
        self.idle = asyncio.Event()
        """Set while nothing is under way."""
        self.idle.set()

    async def serve(self, request: Incoming, answer: Outgoing, *, sites: int = 0) -> None:
        """Answers one GET or HEAD.

        Args:
            sites: the number of the sites among which none was found for it.

        Raises:
            Refused: it is answered with a problem.
            CutOff: bytes were sent, and the rest cannot be.
        """
        started = time.perf_counter()
        request.is_ours()
        front = self._front if request.by_nginx else None
        asked = self._admit(request)
        ticket = asked.ticket
        if await self._serve_hot(asked, request, answer, started, sites):
            return
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
        download = self._download(asked, parts)
        if request.method == "HEAD":
            await answer.whole(download.status, download.head())
            return
        if front is not None and front.hands_over(request, asked, parts):
            said = download.said().removeprefix("fwd=")
            over = front.over(asked, said=said, had=download.present())
            await answer.whole(200, over)
            return
        await self._send(download, request, answer, started)

    async def _serve_hot(
        self, asked: Asked, request: Incoming, answer: Outgoing, started: float, sites: int
    ) -> bool:
        """The short way for what is asked for most: a small file, whole, from memory."""
        ticket = asked.ticket
        if ticket.size_bytes > HOT_BYTES or request.method != "GET" or request.has_any(_ASKING):
            return False
        content = self._store.hot(SliceKey(ticket.sha256, 0))
        if content is None or asked.hops:
            return False
        head = encoded(self._download(asked, None).head())
        size = len(content)
        if request.by_nginx and self._front is not None:
            told = [*self._front.counted(ticket, hit=size), *self._front.may_keep(request, ticket)]
            head = [*head, *encoded(told)]
        else:
            host = request.header("host")
            sent_host = None if host is None else host.encode("latin-1")
            self.quick.learn(request.path, ticket, head, host=sent_host, sites=sites)
        await answer.ready(200, head, content)
        if not request.by_nginx:
            self._count(ticket, sent=size, hit=size, first_s=time.perf_counter() - started)
        return True

    def _count(
        self, ticket: EdgeTicket, *, sent: int, hit: int, first_s: float, failed: bool = False
    ) -> None:
        self._usage.count(
            Served(
                organisation_id=ticket.organisation_id,
                bytes_sent=sent,
                hit_bytes=hit,
                first_byte_s=first_s,
                failed=failed,
            ),
            now_s=self._clock.now_s(),
        )

    async def _send(
        self, download: Download, request: Incoming, answer: Outgoing, started: float
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
            head = [*download.head(), *self._counted(download, request)]
            whole = await download.at_once()
            first_byte_s = time.perf_counter() - started
            if whole is not None:
                await answer.whole(download.status, head, whole)
            else:
                await answer.begin(download.status, head)
                await self._stream(download, request, answer)
            failed = False
        except UpstreamFailed as error:
            raise self._refusal(error, more=self._counted(download, request)) from error
        finally:
            self.under_way -= 1
            if not self.under_way:
                self.idle.set()
            # Of what goes through nginx it writes down what has really gone out.
            if not download.asked.hops and not request.by_nginx:
                self._count(
                    download.asked.ticket,
                    sent=download.sent,
                    hit=download.hit,
                    first_s=first_byte_s or time.perf_counter() - started,
                    failed=failed,
                )

    async def _stream(self, download: Download, request: Incoming, answer: Outgoing) -> None:
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
        if name != ticket.filename and unquote(name) != ticket.filename:
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

    def _counted(self, download: Download, request: Incoming) -> Headers:
        """What lets nginx count this answer; nothing without nginx, or for other nodes."""
        if self._front is None or not request.by_nginx or download.asked.hops:
            return []
        return self._front.counted(download.asked.ticket, hit=download.present())

    def _refusal(self, error: UpstreamFailed, *, more: Headers) -> Refused:
        if error.status in {401, 403, 404, 410}:
            return Refused(
                403, "licence_not_good", "The marketplace does not give these bytes.", more=more
            )
        log.warning("a download failed", problem=str(error), status=error.status)
        return Refused(
            502,
            "origin_failed",
            "The bytes cannot be had now; try again.",
            retry_after_s=1,
            more=more,
        )

    def _download(self, asked: Asked, parts: Sequence[Part] | None) -> Download:
        return Download(asked, parts, store=self._store, filler=self._filler, cache=self._cache)
