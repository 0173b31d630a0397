"""One process's readers: each new message is read once, and handed to whoever listens.

The hub knows up to which position it has read. A reader notes that position in the same moment in
which it begins to listen; what is older it reads from the table, what is newer comes through its
queue. So nothing falls between the two, and nothing comes by both ways.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import structlog

from souk.infra.live import store
from souk.infra.live.api import Message
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.waiting import waited

LOOK_EVERY_S: Final = 1.0
"""How often is looked without being told, for as long as anybody listens."""

log = structlog.get_logger("souk.live")


class Subscription:
    """One reader's queue. It holds so many messages and no more."""

    def __init__(self, channels: Sequence[str], *, start: int, size: int) -> None:
        self.channels = tuple(dict.fromkeys(channels))
        self.start = start
        """Everything past this position comes through the queue."""
        self.behind = False
        """The queue was full once: what is not in it has to be read from the table."""
        self.closed = False
        self._size = size
        self._queue: deque[Message] = deque()
        self._woken = asyncio.Event()

    def offer(self, message: Message) -> None:
        """Queues a message, unless the reader has fallen behind."""
        if self.behind:
            return
        if len(self._queue) >= self._size:
            self.fall_behind()
            return
        self._queue.append(message)
        self._woken.set()

    def fall_behind(self) -> None:
        """The reader gets what is queued and has to come back for the rest."""
        self.behind = True
        self._woken.set()

    def close(self) -> None:
        """The process ends: the reader gets nothing more."""
        self.closed = True
        self._woken.set()

    @property
    def idle(self) -> bool:
        """Whether nothing is left to be said to this reader."""
        return not self._queue and not self.behind

    def take(self) -> Message | None:
        """The oldest queued message, or None."""
        return self._queue.popleft() if self._queue else None

    async def wait(self, timeout_s: float) -> None:
        """Returns when something may have come, or after the time."""
        if self._queue or self.behind or self.closed:
            return
        self._woken.clear()
        await waited(self._woken, timeout_s)


class LiveHub:
    """Hands messages to the readers of this process."""

    def __init__(self, database: Database, *, queue_size: int) -> None:
        self._database = database
        self._queue_size = queue_size
        self._readers: dict[str, set[Subscription]] = {}
        self._subscriptions: set[Subscription] = set()
        self._woken = asyncio.Event()
        self._ready = asyncio.Event()
        self._position = 0
        self._ending = False

    @property
    def position(self) -> int:
        """Everything up to here has committed before now; 0 before the hub has read anything."""
        return self._position

    @property
    def readers(self) -> int:
        """How many listen now."""
        return len(self._subscriptions)

    def hear(self, newest: str | None) -> None:
        """There may be news: called on NOTIFY, and with None when some may have been missed."""
        if newest and self._ready.is_set() and not self._subscriptions:
            self._position = max(self._position, int(newest))
        else:
            self._woken.set()

    async def ready(self, timeout_s: float) -> bool:
        """Waits until the hub knows where it is; False when that takes too long."""
        await waited(self._ready, timeout_s)
        return self._ready.is_set()

    @contextmanager
    def subscribed(self, channels: Sequence[str]) -> Iterator[Subscription]:
        """Listens to channels for the length of the block."""
        reader = Subscription(channels, start=self._position, size=self._queue_size)
        self._subscriptions.add(reader)
        for channel in reader.channels:
            self._readers.setdefault(channel, set()).add(reader)
        if self._ending:
            reader.close()
        try:
            yield reader
        finally:
            self._subscriptions.discard(reader)
            for channel in reader.channels:
                others = self._readers[channel]
                others.discard(reader)
                if not others:
                    del self._readers[channel]

    async def run(self) -> None:
        """Reads until cancelled; then every reader is let go."""
        try:
            while True:
                try:
                    await self.step()
                except Exception:
                    log.exception("live messages could not be read; trying again")
                    await asyncio.sleep(LOOK_EVERY_S)
                look_every_s = LOOK_EVERY_S if self._subscriptions else None
                await waited(self._woken, look_every_s)
                self._woken.clear()
        finally:
            self.let_go()

    def let_go(self) -> None:
        """The process ends: its readers come back to another one, or to the next."""
        self._ending = True
        for reader in self._subscriptions:
            reader.close()

    async def step(self) -> None:
        """Reads everything that has been placed since the last time."""
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            ends = await store.ends(uow)
            if not self._ready.is_set() or not self._subscriptions:
                self._position = max(self._position, ends.newest)
                self._ready.set()
                return
            while self._position < ends.newest:
                found = await store.after(uow, self._position)
                lost = (await store.ends(uow)).forgotten > self._position
                if lost:
                    for reader in self._subscriptions:
                        reader.fall_behind()
                    self._position = ends.newest
                    return
                for message in found:
                    self._position = message.position
                    for reader in self._readers.get(message.channel, ()):
                        reader.offer(message)
