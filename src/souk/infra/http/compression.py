"""Answers in fewer bytes: gzip for texts, for callers that take it.

A page holds both a secret (the CSRF token) and words that a stranger may have put into the address,
so its compressed length must tell nothing (BREACH, Prado et al. 2013): the gzip header carries a
file name of random length, as in Paul, Heal the Breach, 2022.
"""

import gzip
import io
import secrets
from collections.abc import Iterable
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

LEVEL: Final = 4
SMALLEST: Final = 1024
"""Bytes; below that an answer fits into one packet anyway."""
MAX_PADDING: Final = 100
TEXTS: Final = (
    b"text/",
    b"application/json",
    b"application/problem+json",
    b"application/xml",
    b"application/ld+json",
    b"image/svg+xml",
)
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


class Compression:
    """Wraps the application; streams and what is encoded already pass through untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        wanted = b"gzip" in accepted_encodings(scope["headers"])
        start: Message | None = None

        async def squeeze(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and is_text(message["headers"]):
                start = message
                return
            if start is None:
                await send(message)
                return
            head, start = start, None
            assert head["type"] == "http.response.start"
            assert message["type"] == "http.response.body"
            short = wanted and not message["more_body"] and len(message["body"]) >= SMALLEST
            if short:
                message["body"] = squeezed(message["body"])
            kept = [pair for pair in head["headers"] if not short or pair[0] != b"content-length"]
            kept.append((b"vary", b"accept-encoding"))
            if short:
                kept.append((b"content-encoding", b"gzip"))
                kept.append((b"content-length", str(len(message["body"])).encode()))
            head["headers"] = kept
            await send(head)
            await send(message)

        await self._app(scope, receive, squeeze)


def accepted_encodings(headers: Iterable[tuple[bytes, bytes]]) -> set[bytes]:
    """The codings of Accept-Encoding that are not refused with q=0 (RFC 9110, 12.5.3)."""
    found = set()
    for name, value in headers:
        if name == b"accept-encoding":
            for part in value.lower().split(b","):
                coding, _, weight = part.partition(b";")
                if weight.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000"):
                    found.add(coding.strip())
    return found


def is_text(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether an answer of these headers is a text that was not encoded yet, by anybody."""
    named = {name.lower(): value for name, value in headers}
    kind = named.get(b"content-type", b"")
    return (
        kind.startswith(TEXTS)
        and not kind.startswith(b"text/event-stream")
        and b"content-encoding" not in named
        and b"content-range" not in named
        and b"accept-encoding" not in named.get(b"vary", b"").lower()
    )


def squeezed(body: bytes) -> bytes:
    """The body as gzip, its length blurred by up to `MAX_PADDING` bytes."""
    padding = "".join(secrets.choice(_LETTERS) for _ in range(secrets.randbelow(MAX_PADDING)))
    target = io.BytesIO()
    with gzip.GzipFile(padding, "wb", LEVEL, target, mtime=0) as packed:
        packed.write(body)
    return target.getvalue()
