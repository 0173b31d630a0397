"""What a node answers: downloads, its health, and home's commands. An ASGI application."""

from typing import Final

import msgspec
import structlog

from souk.edge.answers import JSON, Headers, Refused
from souk.edge.asgi import BY_NGINX, Incoming, Outgoing, Receive, Scope, Send
from souk.edge.clock import HomeClock
from souk.edge.commands import Commands, CommandsRefused, read_commands
from souk.edge.http_cache.serving import SiteCache
from souk.edge.link import Link
from souk.edge.nginx.config import SLICES
from souk.edge.nginx.front import Front
from souk.edge.protocol import ROOT, SIGNATURE_HEADER, Applied
from souk.edge.serving import CutOff, Downloads
from souk.edge.sites import Sites
from souk.edge.tickets import TicketReader

MAX_COMMANDS_BYTES: Final = 2**20
_BODIES: Final = frozenset({b"content-length", b"transfer-encoding"})
_READS: Final = frozenset({"GET", "HEAD"})
_SERVING: Final = frozenset({"ready", "draining"})

log = structlog.get_logger("souk.edge")


class EdgeApp:
    """One node's HTTP face."""

    def __init__(
        self,
        *,
        region: str,
        downloads: Downloads,
        link: Link,
        commands: Commands,
        reader: TicketReader,
        clock: HomeClock,
        sites: Sites,
        site_cache: SiteCache,
        front: Front | None = None,
    ) -> None:
        self._region = region
        self._front = front
        self._sites = sites
        self._site_cache = site_cache
        self._downloads = downloads
        self._link = link
        self._commands = commands
        self._reader = reader
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        answer = Outgoing(send)
        if self._link.state in _SERVING and BY_NGINX not in scope:
            quick = self._downloads.quick.find(scope, sites=self._sites.number)
            if quick is not None:
                await answer.ready(200, *quick)
                return
        request = Incoming(scope, receive)
        try:
            await self._answer(request, answer)
        except Refused as refused:
            body = refused.body()
            head = refused.head(body)
            await answer.whole(refused.status, head, b"" if request.method == "HEAD" else body)
        except CutOff as error:
            # The body is shorter than its announced length, so the server closes the connection.
            log.info("a download was cut off", problem=str(error))

    async def _answer(self, request: Incoming, answer: Outgoing) -> None:
        path, method = request.path, request.method
        if request.has_any(_BODIES) and method in _READS and _has_body(request):
            raise Refused(400, "body_unexpected", "A request of this method has no body here.")
        found = self._sites.find(request.header("host"), request.raw_path)
        if found is not None and not path.startswith(f"{ROOT}/"):
            self._check_serving()
            await self._site_cache.serve(found, request, answer)
            return
        if path.startswith("/d/") and method in _READS:
            self._check_serving()
            await self._downloads.serve(request, answer, sites=self._sites.number)
        elif self._front is not None and request.for_slices and path.startswith(SLICES):
            await self._front.slice(request, answer)
        elif path == f"{ROOT}/commands" and method == "POST":
            await self._obey(request, answer)
        elif path == "/health/live" and method in _READS:
            await _say(answer, 200, {"status": "live"})
        elif path == "/health/ready" and method in _READS:
            state = self._link.state
            facts = {"node_id": self._link.node_id, "region": self._region, "state": state}
            await _say(answer, 200 if state == "ready" else 503, facts)
        elif path.startswith("/d/") or path == f"{ROOT}/commands" or path.startswith("/health/"):
            raise Refused(405, "method_not_allowed", "This address does not take this method.")
        else:
            raise Refused(404, "route_unknown", "There is nothing at this address.")

    def _check_serving(self) -> None:
        if self._link.state not in _SERVING:
            raise Refused(503, "node_not_ready", "This node does not serve now.")

    async def _obey(self, request: Incoming, answer: Outgoing) -> None:
        body = await request.body(limit=MAX_COMMANDS_BYTES)
        now_s = self._clock.now_s()
        try:
            message = read_commands(
                body,
                request.header(SIGNATURE_HEADER) or "",
                reader=self._reader,
                node_id=self._link.node_id,
                now_s=now_s,
            )
        except CommandsRefused as error:
            raise Refused(403, "commands_refused", f"This message is {error}.") from error
        applied = await self._commands.apply(message.commands, after=message.after, now_s=now_s)
        if message.commands and applied < message.commands[-1].number:
            self._link.hurry()  # something before them is missing: home has it
        await _say(answer, 200, Applied(applied=applied))


def _has_body(request: Incoming) -> bool:
    """What might be read as two requests by somebody before us is answered as none."""
    length = request.header("content-length")
    return request.header("transfer-encoding") is not None or length not in {None, "0"}


async def _say(answer: Outgoing, status: int, facts: object) -> None:
    body = msgspec.json.encode(facts)
    head: Headers = [
        ("content-type", JSON),
        ("content-length", str(len(body))),
        ("cache-control", "no-store"),
    ]
    await answer.whole(status, head, body)
