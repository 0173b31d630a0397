"""A small, exact HTTP/1.1 connection for load: keep-alive, one request at a time, little overhead.

httpx spends about a millisecond of processor time a request, which on a shared machine would be
measured as the server's. This one writes a prepared request and reads up to the end of the answer.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

MAX_HEAD_BYTES: Final = 64 * 1024
_BODILESS: Final = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Target:
    """The server under load."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Request:
    """One request; Host and Content-Length are added."""

    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class BadAnswer(ConnectionError):
    """The server sent something that is not HTTP/1.1."""


class Connection:
    """One keep-alive connection, opened when first used and again after the server closed it."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, request: Request) -> Answer:
        """Sends one request and waits for its whole answer.

        After any failure or cancellation the connection is closed: the next request opens another.

        Raises:
            OSError: the server cannot be reached, or broke off.
        """
        if self._writer is None or self._reader is None or self._reader.at_eof():
            self.close()
            self._reader, self._writer = await asyncio.open_connection(
                self._target.host, self._target.port, limit=MAX_HEAD_BYTES
            )
        finished = False
        try:
            self._writer.write(encode(request, self._target))
            answer = await _read_answer(self._reader, head_only=request.method == "HEAD")
            finished = answer.headers.get("connection", "").lower() != "close"
            return answer
        except asyncio.IncompleteReadError as error:
            raise ConnectionResetError("the server closed in the middle of an answer") from error
        except asyncio.LimitOverrunError as error:
            raise BadAnswer(f"a head or chunk line past {MAX_HEAD_BYTES} bytes") from error
        finally:
            if not finished:
                self.close()

    def close(self) -> None:
        """Closes the connection, if open."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


def encode(request: Request, target: Target) -> bytes:
    """The request as it goes over the wire."""
    lines = [
        f"{request.method} {request.path} HTTP/1.1",
        f"Host: {target.host}:{target.port}",
        *(f"{name}: {value}" for name, value in request.headers.items()),
    ]
    if request.body or request.method in {"POST", "PUT", "PATCH"}:
        lines.append(f"Content-Length: {len(request.body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + request.body


async def _read_answer(reader: asyncio.StreamReader, *, head_only: bool) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status_line, *lines = head[:-4].split("\r\n")
    try:
        version, code, *_ = status_line.split(" ", 2)
        status = int(code)
    except ValueError as error:
        raise BadAnswer(f"not a status line: {status_line[:80]!r}") from error
    if not version.startswith("HTTP/1."):
        raise BadAnswer(f"not HTTP/1.1: {status_line[:80]!r}")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    body = b""
    if not head_only and status not in _BODILESS:
        body = await _read_body(reader, headers)
    return Answer(status, headers, body)


async def _read_body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        parts = []
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            parts.append(await reader.readexactly(size))
            await reader.readexactly(2)
        while await reader.readuntil(b"\r\n") != b"\r\n":
            pass
        return b"".join(parts)
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    return await reader.read()
