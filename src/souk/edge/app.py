"""What a node answers: downloads, its health, and home's commands. An RSGI application."""

from typing import Any, Final, Protocol

import msgspec
import structlog
from granian._granian import RSGIHTTPProtocol as HTTPProtocol
from granian._granian import RSGIProtocolClosed as ProtocolClosed
from granian._granian import RSGIProtocolError as ProtocolError
from granian.rsgi import Scope

from souk.edge.answers import JSON, Headers, Refused
from souk.edge.clock import HomeClock
from souk.edge.commands import Commands, CommandsRefused, read_commands
from souk.edge.link import Link
from souk.edge.protocol import ROOT, SIGNATURE_HEADER, Applied
from souk.edge.serving import CutOff, Downloads
from souk.edge.tickets import TicketReader

MAX_COMMANDS_BYTES: Final = 2**20

log = structlog.get_logger("souk.edge")


class _Incoming:
    """RSGI's scope as the handlers read it."""

    __slots__ = ("_headers", "method", "path")

    def __init__(self, scope: Scope) -> None:
        self._headers = scope.headers
        self.method = scope.method
        self.path = scope.path

    def header(self, name: str) -> str | None:
        found: str | None = self._headers.get(name)
        return found


class _Bodies(Protocol):
    def __aiter__(self) -> Any: ...  # RSGI gives an iterator of bytes, untyped


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
    ) -> None:
        self._region = region
        self._downloads = downloads
        self._link = link
        self._commands = commands
        self._reader = reader
        self._clock = clock

    async def __call__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        if scope.proto != "http":
            return
        request = _Incoming(scope)
        try:
            await self._answer(request, protocol)
        except Refused as refused:
            body = refused.body()
            head = refused.head(body)
            protocol.response_bytes(refused.status, head, b"" if request.method == "HEAD" else body)
        except (ProtocolClosed, ProtocolError):
            return  # the client has gone

    async def _answer(self, request: _Incoming, protocol: HTTPProtocol) -> None:
        path, method = request.path, request.method
        if path.startswith("/d/") and method in {"GET", "HEAD"}:
            if self._link.state not in {"ready", "draining"}:
                raise Refused(503, "node_not_ready", "This node does not serve now.")
            await self._downloads.serve(request, protocol)
        elif path == f"{ROOT}/commands" and method == "POST":
            await self._obey(request, protocol)
        elif path == "/health/live" and method in {"GET", "HEAD"}:
            _say(protocol, 200, {"status": "live"})
        elif path == "/health/ready" and method in {"GET", "HEAD"}:
            state = self._link.state
            facts = {"node_id": self._link.node_id, "region": self._region, "state": state}
            _say(protocol, 200 if state == "ready" else 503, facts)
        elif path.startswith("/d/") or path == f"{ROOT}/commands" or path.startswith("/health/"):
            raise Refused(405, "method_not_allowed", "This address does not take this method.")
        else:
            raise Refused(404, "route_unknown", "There is nothing at this address.")

    async def _obey(self, request: _Incoming, protocol: HTTPProtocol) -> None:
        body = await _read(protocol, limit=MAX_COMMANDS_BYTES)
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
        _say(protocol, 200, Applied(applied=applied))


def _say(protocol: HTTPProtocol, status: int, facts: object) -> None:
    body = msgspec.json.encode(facts)
    head: Headers = [
        ("content-type", JSON),
        ("content-length", str(len(body))),
        ("cache-control", "no-store"),
    ]
    protocol.response_bytes(status, head, body)


async def _read(protocol: _Bodies, *, limit: int) -> bytes:
    held = bytearray()
    async for chunk in protocol:
        held += chunk
        if len(held) > limit:
            raise Refused(413, "body_too_large", f"The body may have at most {limit} bytes.")
    return bytes(held)


__all__ = ["CutOff", "EdgeApp"]
