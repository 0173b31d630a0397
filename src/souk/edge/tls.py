"""TLS at a node: by server name, and with limits against clients that are slow on purpose.

The sockets are asyncio's and HTTP/1.1 is uvicorn's (with h11, which reads strictly); beside what
those do, a client has so long for its handshake and for each request's head, and one address may
hold so many connections.
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final

import h11
import structlog
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from souk.edge.asgi import Receive, Scope, Send
from souk.edge.domains import Domains, tls_context
from souk.edge.settings import EdgeSettings
from souk.infra.waiting import end_tasks

HEAD_BYTES: Final = 16 * 1024
KEEP_ALIVE_S: Final = 15
BACKLOG: Final = 1024

log = structlog.get_logger("souk.edge")


class _Places:
    """How many connections there are, in all and by address."""

    def __init__(self, *, most: int, by_address: int) -> None:
        self._most = most
        self._by_address = by_address
        self._held: Counter[str] = Counter()
        self._all = 0

    def take(self, address: str) -> bool:
        """Whether there is a place left; it is taken then."""
        if self._all >= self._most or self._held[address] >= self._by_address:
            return False
        self._all += 1
        self._held[address] += 1
        return True

    def leave(self, address: str) -> None:
        """Gives a place back."""
        self._all -= 1
        self._held[address] -= 1
        if self._held[address] <= 0:
            del self._held[address]


class GuardedProtocol(H11Protocol):
    """HTTP/1.1 on one connection, which ends when a request's head does not come in time."""

    def __init__(self, *arguments: Any, places: _Places, header_s: float, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._places = places
        self._header_s = header_s
        self._address: str | None = None
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # theirs
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if peer else "unknown"
        super().connection_made(transport)
        if not self._places.take(address):
            transport.abort()
            return
        self._address = address
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        if self._address is not None:
            self._places.leave(self._address)
            self._address = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._head_came()
        elif self._late is None:
            self._wait_for_head()

    def _wait_for_head(self) -> None:
        self._late = self.loop.call_later(self._header_s, self._too_late)

    def _head_came(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _too_late(self) -> None:
        self._late = None
        if not self.transport.is_closing():
            self.transport.abort()


class TlsFront:
    """Answers at a port by TLS with the certificates of the node's domains."""

    def __init__(
        self,
        app: Callable[[Scope, Receive, Send], Awaitable[None]],
        *,
        domains: Domains,
        settings: EdgeSettings,
    ) -> None:
        self._settings = settings
        self._domains = domains
        self._config = Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            h11_max_incomplete_event_size=HEAD_BYTES,
        )
        self._state = ServerState()
        self._places = _Places(
            most=settings.connections, by_address=settings.connections_of_address
        )
        self._server: asyncio.Server | None = None
        self._ticking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listens. Raises OSError: the port is taken."""
        self._config.load()
        self._tick()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: GuardedProtocol(
                self._config,
                self._state,
                {},
                loop,
                places=self._places,
                header_s=self._settings.header_s,
            ),
            self._settings.host,
            self._settings.tls_port,
            ssl=self._context(),
            ssl_handshake_timeout=self._settings.header_s,
            backlog=BACKLOG,
        )
        self._ticking = asyncio.create_task(self._keep_ticking())

    async def stop(self) -> None:
        """Ends every connection."""
        if self._ticking is not None:
            await end_tasks([self._ticking])
        if self._server is not None:
            self._server.close()
            for connection in list(self._state.connections):
                connection.shutdown()
            tasks = list(self._state.tasks)
            if tasks:
                with suppress(TimeoutError):
                    await asyncio.wait(tasks, timeout=1.0)

    def _context(self) -> ssl.SSLContext:
        """Without a certificate of its own: a name that is not known gets no handshake."""
        context = tls_context()

        def choose(
            connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext
        ) -> int | None:
            found = self._domains.context(name)
            if found is None:
                return int(ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME)
            connection.context = found
            return None

        context.sni_callback = choose
        return context

    async def _keep_ticking(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self._tick()

    def _tick(self) -> None:
        now = format_datetime(datetime.now(UTC), usegmt=True)
        self._state.default_headers = [(b"date", now.encode())]
