"""What one reader gets: first what it missed, then what happens, for as long as it may."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Literal

import msgspec

from souk.infra.live import store
from souk.infra.live.api import Message
from souk.infra.live.hub import LiveHub, Subscription
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM


class Said(msgspec.Struct, frozen=True):
    """A message of one of the reader's channels."""

    message: Message


class Beat(msgspec.Struct, frozen=True):
    """The stream lives, and everything up to `position` has been said on it."""

    position: int


class Reset(msgspec.Struct, frozen=True):
    """What the reader missed is kept no more: it has to look at everything again."""

    position: int


class Ended(msgspec.Struct, frozen=True):
    """The last thing said.

    `resume`: come back at once with the last position; `refused`: the caller may listen no more.
    """

    reason: Literal["resume", "refused"]


Item = Said | Beat | Reset | Ended


class Feed:
    """Makes streams of items from the hub and the table."""

    def __init__(self, database: Database, hub: LiveHub, *, beat_s: float) -> None:
        self._database = database
        self._hub = hub
        self._beat_s = beat_s

    async def follow(
        self,
        reader: Subscription,
        *,
        after: int | None,
        still_allowed: Callable[[], Awaitable[bool]],
    ) -> AsyncIterator[Item]:
        """Items for a reader until it ends.

        Args:
            after: the last position that the reader has seen; None begins now.
            still_allowed: asked once a beat.
        """
        position = reader.start
        if after is not None:
            lost = False
            async for item in self._missed(reader, after):
                lost = isinstance(item, Reset)
                yield item
            if not lost:
                position = max(position, after)  # another process may have been ahead of this one
        yield Beat(position)
        checked_at = time.monotonic()
        while True:
            await reader.wait(self._beat_s)
            while (message := reader.take()) is not None:
                if message.position > position:
                    position = message.position
                    yield Said(message)
            if reader.behind or reader.closed:
                yield Ended("resume")
                return
            if time.monotonic() - checked_at >= self._beat_s:
                if not await still_allowed():
                    yield Ended("refused")
                    return
                checked_at = time.monotonic()
            if reader.idle:  # so everything that the hub has read for these channels was said
                position = max(position, self._hub.position)
                yield Beat(position)

    async def _missed(self, reader: Subscription, after: int) -> AsyncIterator[Said | Reset]:
        """What was said on the channels past a position, up to where the queue takes over."""
        position = after
        while True:
            async with self._database.transaction(SYSTEM, read_only=True) as uow:
                found = await store.between(
                    uow, reader.channels, after=min(position, reader.start), up_to=reader.start
                )
                ends = await store.ends(uow)  # after reading: what it says was forgotten later
            if not ends.forgotten <= position <= ends.newest:
                yield Reset(reader.start)
                return
            for message in found:
                yield Said(message)
            if len(found) < store.BATCH:
                return
            position = found[-1].position
