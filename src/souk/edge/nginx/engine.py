"""The nginx engine of a node: nginx, what it is told, and what it has served."""

import asyncio
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx
import structlog

from souk.edge.clock import HomeClock
from souk.edge.filling import Filler
from souk.edge.labels import Labels
from souk.edge.nginx.config import Places, nginx_config
from souk.edge.nginx.figures import AccessLog
from souk.edge.nginx.front import Front
from souk.edge.nginx.process import Nginx
from souk.edge.nginx.tier import empty
from souk.edge.settings import EdgeSettings
from souk.edge.tickets import TicketReader
from souk.edge.usage import Usage
from souk.infra.waiting import end_tasks

_SOCKET_PATH: Final = 90
"""Unix sockets have short names: in a deeper folder they lie in a temporary one."""
_LOOK_S: Final = 0.25
_SOON_S: Final = 0.02
_WRITING: Final = re.compile(r"Writing: (\d+)")

log = structlog.get_logger("souk.edge")


class NginxEngine:
    """Answers clients for the node."""

    def __init__(
        self,
        settings: EdgeSettings,
        *,
        filler: Filler,
        reader: TicketReader,
        labels: Labels,
        clock: HomeClock,
        usage: Usage,
    ) -> None:
        self._settings = settings
        folder = settings.folder / "nginx"
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        sockets = folder
        if len(str(folder)) > _SOCKET_PATH:
            self._temporary = tempfile.TemporaryDirectory(prefix="souk-edge-")
            sockets = Path(self._temporary.name)
        self.places = Places(folder=folder, sockets=sockets)
        self.front = Front(self.places, filler=filler, reader=reader, labels=labels, clock=clock)
        self._nginx = Nginx(settings.nginx, self.places)
        self._log = AccessLog(
            self.places.log,
            usage,
            clock=clock,
            reopen=self._nginx.reopen_log,
        )
        self._status = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=str(self.places.status_socket)), timeout=2.0
        )
        self._tasks: list[asyncio.Task[None]] = []
        self.under_way = 0
        """Answers that nginx is sending, as it said a moment ago."""

    async def prepare(self) -> Path:
        """Makes its folders, emptied of what an earlier process has left; answers the socket at
        which nginx will ask the node."""
        self.places.folder.mkdir(parents=True, exist_ok=True)
        self.places.folder.chmod(0o700)
        for folder in (self.places.slices, self.places.small):
            await asyncio.to_thread(empty, folder)
        self._log.begin()
        self.places.node_socket.unlink(missing_ok=True)
        return self.places.node_socket

    async def start(self, *, port: int) -> None:
        """Listens at this port.

        Raises:
            NginxMissing: nginx cannot be run.
            OSError: the port is taken.
        """
        await self._nginx.start(self._config(port))
        while True:
            if await self._look():
                break
            self._nginx.check_alive()
            await asyncio.sleep(_SOON_S)
        self._nginx.watch()
        self._tasks = [asyncio.create_task(self._log.run()), asyncio.create_task(self._watch())]

    async def reload(self, *, port: int) -> None:
        """Writes the configuration anew and lets nginx take it; no download is broken off.

        Raises:
            NginxMissing: nginx does not take it; the old one stays.
        """
        await self._nginx.use(self._config(port))

    async def drain(self, within_s: float) -> None:
        """Waits until nginx sends nothing any more, or so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while True:
                    if not await self._look() or not self.under_way:
                        break
                    await asyncio.sleep(_LOOK_S)

    async def stop(self) -> None:
        """Ends nginx, and counts the last it has served."""
        await end_tasks(self._tasks)
        await self._nginx.stop()
        await self._log.read()
        await self.front.close()
        await self._status.aclose()
        if self._temporary is not None:
            self._temporary.cleanup()

    def _config(self, port: int) -> str:
        settings = self._settings
        return nginx_config(
            settings, self.places, port=port, secret=self.front.secret, region=settings.region
        )

    async def _watch(self) -> None:
        while True:
            await self._look()
            await asyncio.sleep(_LOOK_S)

    async def _look(self) -> bool:
        """Asks nginx how much it sends; whether it has answered."""
        with suppress(httpx.HTTPError):
            found = _WRITING.search((await self._status.get("http://nginx/")).text)
            # Itself is one of them.
            self.under_way = max(0, int(found[1]) - 1) if found else 0
            return True
        return False
