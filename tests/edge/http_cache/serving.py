"""A node's HTTP cache on a real socket, without the rest of a node."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from souk.edge.answers import Refused
from souk.edge.asgi import Incoming, Outgoing, Receive, Scope, Send
from souk.edge.clock import HomeClock
from souk.edge.http_cache.parts import SiteParts
from souk.edge.protocol import Command
from souk.edge.serving import CutOff
from souk.edge.settings import EdgeSettings
from souk.edge.sites import Site, SiteNews, Sites
from souk.edge.usage import Usage

REGION = "eu-west"
ALL_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "M-SEARCH")


def until(condition: Callable[[], bool]) -> None:
    """Waits for something that is sure to come."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


class Now:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


class CacheNode:
    """The cache in a thread with a loop of its own."""

    def __init__(self, folder: Path, *, now: Now | None = None, **settings: Any) -> None:
        self.now = now or Now()
        wanted: dict[str, Any] = {
            "region": REGION,
            "data_dir": str(folder),
            "free_bytes_kept": 0,
            "private_upstreams": True,
            "origin_s": 20.0,
            **settings,
        }
        self._settings = EdgeSettings(**wanted)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.sites = Sites(self._settings.folder / "sites.json")
        self.parts: SiteParts
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(30)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)

    def serve(self, *sites: Site) -> None:
        """From now on these are its sites."""
        self.sites.take(
            SiteNews(number=self.sites.number + 1, whole=True, more=False, sites=sites, removed=())
        )

    def forget(self, kind: str, value: str = "") -> None:
        """A purge, as home commands it."""
        command = Command(number=1, kind=kind, value=value)  # type: ignore[arg-type]  # of tests
        asyncio.run_coroutine_threadsafe(self.parts.store.forget(command), self._loop).result(30)

    def settled(self) -> None:
        """Waits until nothing is being written or fetched any more."""

        async def quiet() -> None:
            while self.parts.busy:  # noqa: ASYNC110  # a test's own wait
                await asyncio.sleep(0.005)

        asyncio.run_coroutine_threadsafe(quiet(), self._loop).result(30)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request, answer = Incoming(scope, receive), Outgoing(send)
        try:
            found = self.sites.find(request.header("host"), request.raw_path)
            if found is None:
                raise Refused(404, "route_unknown", "There is nothing at this address.")
            await self.parts.cache.serve(found, request, answer)
        except Refused as refused:
            body = refused.body()
            await answer.whole(refused.status, refused.head(body), body)
        except CutOff:
            pass

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self.parts = SiteParts(
            self._settings,
            clock=HomeClock(self.now),
            usage=Usage(first_number=1),
            credential=lambda: "",
        )
        await self.parts.load()
        server = Server(
            self,
            address="127.0.0.1",
            port=self.port,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            websockets=False,
            log_enabled=False,
        )
        serving = asyncio.create_task(server.serve())
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.01)
        self._ready.set()
        await self._stop.wait()
        server.stop()  # type: ignore[no-untyped-call]  # theirs
        await asyncio.wait([serving], timeout=2)
        await self.parts.close()
