"""LISTEN on one connection, and a call for each notification."""

import asyncio
from collections.abc import Callable
from typing import Final

import psycopg
import structlog
from psycopg import sql

RECONNECT_S: Final = 0.5

log = structlog.get_logger("souk.live")

OnNews = Callable[[str | None], None]
"""Gets the payload; None after a reconnect, when some news may have been missed."""


class Listener:
    """One database listener for the whole process."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._calls: dict[str, list[OnNews]] = {}
        self.listening = asyncio.Event()

    def on(self, channel: str, call: OnNews) -> None:
        """Registers a call for a channel; before `run` starts."""
        self._calls.setdefault(channel, []).append(call)

    async def run(self) -> None:
        """Listens until cancelled, connecting again whenever the server goes away."""
        while True:
            try:
                await self._listen()
            except (psycopg.OperationalError, OSError) as error:
                log.warning("listener lost its connection", error=str(error))
            self.listening.clear()
            await asyncio.sleep(RECONNECT_S)

    async def _listen(self) -> None:
        connection = await psycopg.AsyncConnection.connect(self._dsn, autocommit=True)
        async with connection:
            for channel in self._calls:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            self.listening.set()
            for calls in self._calls.values():
                for call in calls:
                    call(None)
            async for notice in connection.notifies():
                for call in self._calls.get(notice.channel, ()):
                    call(notice.payload)
