"""Requests and answers of a node over ASGI, with no framework between.

ASGI rather than Granian's own RSGI: only there does sending wait for a client that reads slowly
(Granian 2.8; its RSGI streams keep in memory whatever the client has not read yet).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, Final

from souk.edge.answers import Headers, Refused

Scope = MutableMapping[str, Any]  # as ASGI has it
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

BY_NGINX: Final = "souk.by_nginx"
"""In the scope of a request that came through the node's own nginx."""
FOR_SLICES: Final = "souk.for_slices"
"""And true there where nginx asks by itself, for a slice."""
OURS: Final = "souk.ours"
"""True where the answer is the node's own: only then it may tell nginx anything."""

EncodedHeaders = list[tuple[bytes, bytes]]

SEND_BYTES: Final = 2**19
"""Sent at once: the server holds a few of these for a client that reads slowly."""


def encoded(headers: Headers) -> EncodedHeaders:
    """Headers as ASGI sends them."""
    return [(name.encode(), value.encode("latin-1")) for name, value in headers]


class Incoming:
    """A request."""

    __slots__ = ("_headers", "_receive", "_scope", "method", "path")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self._receive = receive
        self._scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"]

    def header(self, name: str) -> str | None:
        """The header of this (lower-case) name; the last one where there are several."""
        value = self._headers.get(name.encode())
        return None if value is None else value.decode("latin-1")

    def has_any(self, names: frozenset[bytes]) -> bool:
        """Whether it has a header of one of these names."""
        return not names.isdisjoint(self._headers)

    @property
    def by_nginx(self) -> bool:
        """Whether it came through the node's own nginx, which obeys the answer's `x-accel-…`."""
        return BY_NGINX in self._scope

    @property
    def for_slices(self) -> bool:
        """Whether nginx asks by itself, for a slice."""
        return bool(self._scope.get(FOR_SLICES))

    def is_ours(self) -> None:
        """What is answered is the node's own, not what somebody's origin says."""
        self._scope[OURS] = True

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Every header line in order, names in lower case."""
        headers = self._scope["headers"]
        return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]

    @property
    def raw_path(self) -> str:
        """The path as it came, percent-encoded."""
        return str(self._scope["raw_path"].decode("latin-1"))

    @property
    def query(self) -> str:
        """The query as it came."""
        return str(self._scope["query_string"].decode("latin-1"))

    async def stream(self, *, limit: int) -> AsyncIterator[bytes]:
        """The body as it comes. Raises Refused `body_too_large`, ConnectionError."""
        received = 0
        more = True
        while more:
            message = await self._receive()
            if message["type"] != "http.request":
                raise ConnectionError("the client has gone")
            piece = message.get("body", b"")
            received += len(piece)
            if received > limit:
                raise Refused(413, "body_too_large", f"The body may have at most {limit} bytes.")
            more = bool(message.get("more_body"))
            if piece:
                yield piece

    async def body(self, *, limit: int) -> bytes:
        """The body. Raises Refused `body_too_large`."""
        held = bytearray()
        more = True
        while more:
            message = await self._receive()
            held += message.get("body", b"")
            if len(held) > limit:
                raise Refused(413, "body_too_large", f"The body may have at most {limit} bytes.")
            more = message["type"] == "http.request" and bool(message.get("more_body"))
        return bytes(held)

    async def gone(self) -> None:
        """Returns when the client has gone."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


class Outgoing:
    """The answer to one request."""

    __slots__ = ("_send",)

    def __init__(self, send: Send) -> None:
        self._send = send

    async def whole(self, status: int, headers: Headers, body: bytes = b"") -> None:
        """An answer in one piece."""
        await self.ready(status, encoded(headers), body)

    async def ready(self, status: int, head: EncodedHeaders, body: bytes) -> None:
        """An answer in one piece whose head is encoded already."""
        await self._send({"type": "http.response.start", "status": status, "headers": head})
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def begin(self, status: int, headers: Headers) -> None:
        """The head of an answer whose body follows."""
        head = encoded(headers)
        await self._send({"type": "http.response.start", "status": status, "headers": head})

    async def more(self, content: bytes) -> None:
        """A piece of the body; waits for a client that reads slowly."""
        if len(content) <= SEND_BYTES:
            await self._send({"type": "http.response.body", "body": content, "more_body": True})
            return
        view = memoryview(content)
        for at in range(0, len(view), SEND_BYTES):
            piece = bytes(view[at : at + SEND_BYTES])
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})

    async def end(self) -> None:
        """The body is complete."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})


class Watch:
    """Knows whether the client of a long answer is still there."""

    def __init__(self, incoming: Incoming) -> None:
        self._task = asyncio.create_task(incoming.gone())

    @property
    def gone(self) -> bool:
        return self._task.done()

    async def end(self) -> None:
        """Looks no longer."""
        self._task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await self._task
