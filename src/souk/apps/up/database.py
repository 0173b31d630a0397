"""The owner's way to the database: the operator's own, or the embedded one of the data folder."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

from souk.apps.up.errors import UpError
from souk.infra.postgres.embedded import EmbeddedPostgres, EmbeddedPostgresError, running_dsn
from souk.infra.settings import Settings

_WATCH_EVERY_S: Final = 0.25
_MOST_RESTARTS_IN_A_ROW: Final = 5


@contextmanager
def owner_database(
    settings: Settings, *, progress: Callable[[str], None] = lambda _line: None
) -> Iterator[str]:
    """The owner's DSN, for one command: the embedded server is started if nobody runs it.

    Raises EmbeddedPostgresError when it cannot be.
    """
    dsn = settings.database_url or running_dsn(settings.data_path)
    if dsn:
        yield dsn
        return
    server = EmbeddedPostgres(settings.data_path, progress=progress)
    try:
        yield server.start()
    finally:
        server.stop()


class KeptDatabase:
    """The embedded server, run for as long as the marketplace and started again when it dies.

    A thread of its own starts it: the kernel ends the server when the thread that started it ends.
    """

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._server = EmbeddedPostgres(settings.data_path, progress=say)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="postgres")
        self._say = say

    @property
    def pid(self) -> int | None:
        """The process id of the server while it runs."""
        return self._server.pid

    async def start(self) -> str:
        """Starts it; the owner's DSN. Raises UpError."""
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._thread, self._server.start
            )
        except EmbeddedPostgresError as error:
            raise UpError(str(error)) from error

    async def keep_running(self) -> None:
        """Starts it again whenever it dies. Raises UpError when that keeps failing."""
        failures = 0
        while True:
            await asyncio.sleep(_WATCH_EVERY_S)
            if self._server.is_running():
                continue
            self._say("PostgreSQL died; it recovers and starts again")
            await self._stop_server()
            try:
                await self.start()
            except UpError as error:
                failures += 1
                if failures >= _MOST_RESTARTS_IN_A_ROW:
                    raise
                self._say(str(error))
                await asyncio.sleep(failures)
            else:
                failures = 0
                self._say("PostgreSQL is back; nothing acknowledged is lost")

    async def stop(self) -> None:
        """Stops it for good."""
        await self._stop_server()
        self._thread.shutdown()

    async def _stop_server(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._server.stop)
