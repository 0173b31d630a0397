"""What a handler leaves unread of a request's body.

A connection that still carries a body cannot carry the next request: the server would hang up,
without a word, on whatever the client asks next. So it is read to its end before the answer
leaves, within a bound, and where there is more, the answer says that the connection ends with it.
"""

import asyncio
import time
from typing import Final

from litestar.types import HTTPReceiveMessage, HTTPScope, Receive

CLOSE: Final = (b"connection", b"close")
MOST_BYTES: Final = 16 * 2**20
"""As much as is read only to be thrown away. What is more may cost the client the answer: a
connection that ends with bytes unread is reset."""
LONGEST_S: Final = 5.0
_ENDLESS: Final = ("1.0", "1.1")
"""Versions of HTTP in which a connection carries one request after the other."""


class RequestBody:
    """Follows a body as it is received, so that its end is known."""

    def __init__(self, scope: HTTPScope, receive: Receive) -> None:
        self._receive = receive
        self._is_over = scope.get("http_version") not in _ENDLESS or not _has_body(scope)

    async def receive(self) -> HTTPReceiveMessage:
        """The next message, as the application asks for it."""
        message: HTTPReceiveMessage = await self._receive()  # type: ignore[assignment]  # of HTTP
        if message["type"] != "http.request" or not message.get("more_body", False):
            self._is_over = True
        return message

    async def is_read(self) -> bool:
        """Whether the whole body was received, after a short attempt to read what is left."""
        if self._is_over:
            return True
        left, until = MOST_BYTES, time.monotonic() + LONGEST_S
        try:
            async with asyncio.timeout(LONGEST_S):
                while not self._is_over and left > 0 and time.monotonic() < until:
                    message = await self.receive()
                    if message["type"] == "http.request":
                        left -= len(message["body"])
        except TimeoutError:
            return False
        return self._is_over


def _has_body(scope: HTTPScope) -> bool:
    headers = dict(scope["headers"])
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"
