"""Writing live messages, and giving them their positions once they have committed.

A transaction that says something only inserts into a queue, so transactions never wait for each
other. Whoever commits wakes a task of its process, which takes the turn (a row's lock), moves all
that has committed behind the newest position, and notifies: all in one transaction. Turns follow
each other, and each sees everything the one before it committed, so a reader that has read up to a
position will never find a smaller one later. That does not hold for identities and times, which are
given before the commit. When a process dies between its commit and its turn, another one finds the
message by looking, a second later.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from souk.infra.live import store
from souk.infra.live.api import CHANNEL, KIND, Data, NewMessage
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.infra.waiting import waited

LOOK_EVERY_S: Final = 1.0
REST_S: Final = 0.05
"""The least time between two turns of a process."""

log = structlog.get_logger("souk.live")


class LivePublisher:
    """Implements `Live`, with a task behind it that every process runs."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._due = asyncio.Event()

    async def publish(self, uow: UnitOfWork, channel: str, kind: str, data: Data) -> None:
        await self.publish_all(uow, [NewMessage(channel, kind, data)])

    async def publish_all(self, uow: UnitOfWork, messages: Sequence[NewMessage]) -> None:
        if not messages:
            return
        for message in messages:
            if not CHANNEL.fullmatch(message.channel) or not KIND.fullmatch(message.kind):
                raise ValueError(f"not a channel and a kind: {message.channel!r} {message.kind!r}")
        await store.add(uow, messages)
        uow.after_commit(self._due.set)

    async def run(self) -> None:
        """Numbers until cancelled."""
        while True:
            try:
                placed = await self.step()
            except Exception:
                log.exception("live messages could not be numbered; trying again")
                placed = 0
                await asyncio.sleep(LOOK_EVERY_S)
            if placed < store.BATCH:
                await asyncio.sleep(REST_S)
                await waited(self._due, LOOK_EVERY_S)
                self._due.clear()

    async def step(self) -> int:
        """Numbers one batch of what has committed; answers how many that were."""
        async with self._database.transaction(SYSTEM) as uow:
            if not await store.anything_waits(uow):
                return 0
            newest = await store.take_turn(uow)
            return await store.place(uow, newest=newest)
