"""A tiny HTTP/1.1 server whose delays the tests command; it reads requests with nobody's parser."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bench._harness import Target


@dataclass(slots=True)
class Seen:
    """A request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class TinyServer:
    """Answers every request with `reply`; while `open` is not set, requests wait."""

    reply: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    service_s: float = 0.0
    closes_after: int | None = None
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        served = 0
        try:
            while self.closes_after is None or served < self.closes_after:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                start, *lines = head.strip().split("\r\n")
                headers = dict(line.split(": ", 1) for line in lines)
                body = await reader.readexactly(int(headers.get("Content-Length", "0")))
                method, path, _ = start.split(" ")
                self.seen.append(Seen(method, path, headers, body))
                await self.open.wait()
                if self.service_s:
                    await asyncio.sleep(self.service_s)
                writer.write(self.reply)
                served += 1
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def tiny_server(server: TinyServer) -> AsyncIterator[Target]:
    """Serves on a free port of the loopback interface."""
    server.open.set()
    listener = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    host, port = listener.sockets[0].getsockname()
    try:
        yield Target(host, port)
    finally:
        listener.close()
