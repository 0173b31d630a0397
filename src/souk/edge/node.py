"""One node: built from its settings, started, drained and ended."""

import asyncio
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import httpx
import structlog
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from souk.edge.app import EdgeApp
from souk.edge.clock import HomeClock
from souk.edge.commands import Commands, Revocations
from souk.edge.disk import SliceDisk, SliceKey
from souk.edge.domains import DomainNews, Domains
from souk.edge.eviction import S3Fifo
from souk.edge.filling import Filler
from souk.edge.gate import Gate
from souk.edge.http_cache.parts import SiteParts
from souk.edge.labels import Labels
from souk.edge.link import Link
from souk.edge.nginx.behind import App, Behind
from souk.edge.nginx.config import CLIENT_HEADER
from souk.edge.nginx.engine import NginxEngine
from souk.edge.pins import Pinned
from souk.edge.placing import Placing
from souk.edge.serving import Downloads
from souk.edge.settings import EdgeSettings
from souk.edge.sites import Sites, host_name
from souk.edge.store import SliceStore
from souk.edge.tickets import TicketReader
from souk.edge.tls import TlsFront
from souk.edge.upstream import Home, Upstreams
from souk.edge.usage import Usage
from souk.infra.waiting import end_tasks

_HEAD_BYTES: Final = 16 * 1024
"""A request's head may have so many bytes."""
_BEHIND_S: Final = 3600
_STOP_S: Final = 2.0
_LAST_WORD_S: Final = 1.0
_CHECK_S: Final = 0.05

log = structlog.get_logger("souk.edge")


class EdgeNode:
    """A node in this process's event loop; several may share it."""

    def __init__(self, settings: EdgeSettings) -> None:
        self.settings = settings
        self._clock = HomeClock()
        folder = settings.folder
        labels = Labels(folder / "labels.jsonl")
        disk = SliceDisk(folder / "slices", free_bytes_kept=settings.free_bytes_kept)
        self._store = SliceStore(
            disk,
            labels,
            eviction=Pinned(
                S3Fifo[SliceKey](settings.slices_bytes), limit_bytes=settings.slices_bytes
            ),
            memory_bytes=settings.memory_bytes,
        )
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(settings.origin_s, connect=1.0),
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=16),
            trust_env=False,
        )
        reader, revocations = TicketReader(), Revocations(heard=self._hear_of_end)
        home = Home(self._client, url=settings.home_url.rstrip("/"), credential=self._credential)
        upstreams = Upstreams(self._client, home, region=settings.region)
        self._filler = Filler(self._store, upstreams)
        # Numbers only grow, also when the node begins anew: home tells old batches by them.
        usage = Usage(first_number=int(time.time() * 1000))
        self._engine: NginxEngine | None = None
        if settings.engine == "nginx":
            self._engine = NginxEngine(
                settings,
                filler=self._filler,
                reader=reader,
                labels=labels,
                clock=self._clock,
                usage=usage,
            )
        front = self._engine.front if self._engine is not None else None
        self._downloads = Downloads(
            settings,
            clock=self._clock,
            reader=reader,
            revocations=revocations,
            store=self._store,
            filler=self._filler,
            upstreams=upstreams,
            usage=usage,
            front=front,
        )
        self._sites = Sites(folder / "sites.json")
        self._site_parts = SiteParts(
            settings,
            clock=self._clock,
            usage=usage,
            credential=self._credential,
            used=self._store.leave_room,
        )
        self._placing = Placing(self._store, self._filler, file=folder / "placements.json")
        commands = Commands(
            self._store,
            revocations,
            file=folder / "applied",
            others=[self._site_parts.store, *([] if front is None else [front])],
            sites_changed=self._hear_of_sites,
        )
        link = Link(
            settings,
            client=self._client,
            clock=self._clock,
            store=self._store,
            commands=commands,
            usage=usage,
            reader=reader,
            upstreams=upstreams,
            sites=self._sites,
            placing=self._placing,
            downloads=self._under_way,
        )
        self._link = link
        self._app = EdgeApp(
            region=settings.region,
            downloads=self._downloads,
            link=link,
            commands=commands,
            reader=reader,
            clock=self._clock,
            front=front,
            sites=self._sites,
            site_cache=self._site_parts.cache,
        )
        self._domains = Domains(folder / "domains.json")
        self._domain_news = DomainNews(
            self._domains,
            client=self._client,
            home_url=settings.home_url,
            credential=self._credential,
        )
        self._gate = Gate(
            self._app,
            domains=self._domains,
            sites=self._sites,
            client=self._client,
            home_url=settings.home_url,
            https_port=settings.tls_public_port or settings.tls_port,
            client_header=CLIENT_HEADER if settings.engine == "nginx" else "",
        )
        self._tls: TlsFront | None = None
        if settings.tls_port:
            self._tls = TlsFront(self._gate, domains=self._domains, settings=settings)
        self._asking: asyncio.Task[None] | None = None
        self._port = 0
        self._server: Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[None] | None = None
        self._fetching: asyncio.Task[None] | None = None

    def _hear_of_sites(self) -> None:
        self._link.hurry()
        self._domain_news.hurry()

    def _hear_of_end(self, licence_id: str) -> None:
        if self._engine is not None:
            self._engine.front.ended(licence_id)

    def _under_way(self) -> int:
        behind = self._downloads.under_way + self._site_parts.cache.under_way
        return behind if self._engine is None else max(behind, self._engine.under_way)

    def _credential(self) -> str:
        return self._link.credential()

    @property
    def url(self) -> str:
        """Where downloaders reach it."""
        return self._link.url

    async def start(self) -> None:
        """Listens, joins home and is ready; waits for a home that is not there yet.

        Raises:
            JoinRefused: home does not take it.
            OSError: the port is taken.
        """
        settings = self.settings
        port = settings.port or _free_port(settings.host)
        self._link.url = (settings.public_url or f"http://{settings.host}:{port}").rstrip("/")
        self._sites.own_hosts = frozenset({host_name(urlsplit(self._link.url).netloc)})
        await self._store.load()
        await self._site_parts.load()
        await self._placing.load()
        await asyncio.to_thread(self._domains.load)
        await self._listen(port)
        if self._tls is not None:
            await self._tls.start()
        await self._link.join()
        with suppress(httpx.HTTPError):
            await self._link.beat("ready")
        self._beating = asyncio.create_task(self._link.run())
        self._fetching = asyncio.create_task(self._placing.run())
        self._asking = asyncio.create_task(self._domain_news.run())
        log.info("an edge node serves", region=settings.region, url=self.url)

    async def reload(self) -> None:
        """Lets nginx, where it answers for this node, take its configuration anew."""
        if self._engine is not None and self._beating is not None:
            await self._engine.reload(port=self._port)

    async def stop(self) -> None:
        """Takes no more part, lets downloads under way end for a while, and ends."""
        await end_tasks([task for task in (self._fetching, self._asking) if task is not None])
        if self._beating is not None:
            await end_tasks([self._beating])
            self._link.state = "draining"
            await self._say_last("draining" if self._under_way() or self._engine else "down")
            await self._drain()
        elif self._engine is not None:
            await self._engine.stop()
        if self._server is not None and self._serving is not None:
            self._server.stop()  # type: ignore[no-untyped-call]  # theirs
            await asyncio.wait([self._serving], timeout=_STOP_S)
        if self._tls is not None:
            await self._tls.stop()
        await self._filler.close()
        await self._site_parts.close()
        await self._client.aclose()

    async def _drain(self) -> None:
        if self._engine is not None:
            await self._engine.drain(self.settings.drain_s)
            await self._engine.stop()
        elif not self._under_way():
            return
        else:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.settings.drain_s):
                    await self._downloads.idle.wait()
                    await self._site_parts.cache.idle.wait()
        await self._say_last("down")

    async def _say_last(self, state: Literal["draining", "down"]) -> None:
        """Tells home, which may be ending as well."""
        with suppress(httpx.HTTPError, OSError, TimeoutError):
            async with asyncio.timeout(_LAST_WORD_S):
                await self._link.beat(state)

    async def _listen(self, port: int) -> None:
        """Behind nginx the node answers at a socket in its folder, and nginx at the port."""
        settings = self.settings
        self._port = port
        socket_file = None
        if self._engine is not None:
            socket_file = await self._engine.prepare()
        app: App = self._gate
        if self._engine is not None:
            app = Behind(self._gate, secret=self._engine.front.secret)
        self._server = _server(app, settings, port=port, socket_file=socket_file)
        self._serving = asyncio.create_task(self._server.serve())
        if self._engine is not None:
            await self._engine.start(port=port)
        await self._until_listening(settings.host, port)

    async def _until_listening(self, host: str, port: int) -> None:
        assert self._serving is not None
        while True:
            if self._serving.done():
                self._serving.result()
                raise OSError(f"the server at {host}:{port} has ended")
            with suppress(OSError):
                _reader, writer = await asyncio.open_connection(_reachable(host), port)
                writer.close()
                await writer.wait_closed()
                return
            await asyncio.sleep(_CHECK_S)


def _server(app: App, settings: EdgeSettings, *, port: int, socket_file: Path | None) -> Server:
    # nginx keeps its connections to a socket open, and has read each head before it sends it.
    header_s = settings.header_s if socket_file is None else _BEHIND_S
    return Server(
        app,
        address=settings.host,
        port=port,
        uds=socket_file,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        backlog=1024,
        backpressure=settings.connections,
        http1_settings=HTTP1Settings(
            header_read_timeout=header_s * 1000,
            max_buffer_size=_HEAD_BYTES if socket_file is None else 2 * _HEAD_BYTES,
        ),
        log_enabled=False,
    )


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _reachable(host: str) -> str:
    """A server that listens everywhere is asked at home."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
