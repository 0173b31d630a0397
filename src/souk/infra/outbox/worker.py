"""The loop that carries events to their handlers."""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import msgspec
import structlog

from souk.infra.outbox import store
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.waiting import waited
from souk.kernel.events import Event

MAX_ATTEMPTS: Final = 8
MAX_DELAY_S: Final = 300.0
DISPATCH_LIMIT: Final = 500
LOOK_EVERY_S: Final = 1.0
"""How often is looked without being woken: for what was missed, and what is due again."""
REST_S: Final = 0.05
"""The least time between two rounds."""
MANY: Final = 8
LONG_REST_S: Final = 0.2
"""The rest after a round of so many events: each handler then takes more of them at once."""

log = structlog.get_logger("souk.outbox")


class _Served(msgspec.Struct, frozen=True):
    deliveries: int
    may_be_more: bool


class OutboxWorker:
    """Dispatches events and runs every handler in a lane of its own."""

    def __init__(self, database: Database, handlers: Sequence[Handler]) -> None:
        self._database = database
        self._handlers = handlers
        self._types: dict[str, type[Event]] = {}
        self._names_by_topic: dict[str, list[str]] = {}
        self._wakers = {handler.name: asyncio.Event() for handler in handlers}
        self._woken = asyncio.Event()
        for handler in handlers:
            for kind in handler.events:
                self._types[kind.topic] = kind
                self._names_by_topic.setdefault(kind.topic, []).append(handler.name)

    def wake(self) -> None:
        """New events may be waiting (called on NOTIFY)."""
        self._woken.set()

    async def run(self) -> None:
        """Works until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._dispatch_for_ever())
            for handler in self._handlers:
                tasks.create_task(self._serve_for_ever(handler))

    async def drain(self) -> None:
        """Carries everything that is due now, then returns: for tests and one-off commands."""
        busy = True
        while busy:
            busy = await self._dispatch() > 0
            for handler in self._handlers:
                while (await self._serve(handler)).deliveries:
                    busy = True

    async def _dispatch_for_ever(self) -> None:
        look_at = 0.0
        while True:
            try:
                taken = await self._dispatch()
                if (now := time.monotonic()) >= look_at:
                    look_at = now + LOOK_EVERY_S
                    await self._wake_due()
            except Exception:
                log.exception("dispatch failed; trying again")
                taken = 0
                await asyncio.sleep(LOOK_EVERY_S)
            if taken < DISPATCH_LIMIT:
                await asyncio.sleep(LONG_REST_S if taken >= MANY else REST_S)
                await waited(self._woken, LOOK_EVERY_S)
                self._woken.clear()

    async def _dispatch(self) -> int:
        async with self._database.transaction(SYSTEM) as uow:
            done = await store.dispatch(uow, self._names_by_topic, limit=DISPATCH_LIMIT)
        self._wake(done.handlers)
        return done.events

    async def _wake_due(self) -> None:
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            self._wake(await store.due_handlers(uow, list(self._wakers)))

    def _wake(self, handlers: Sequence[str]) -> None:
        for name in handlers:
            self._wakers[name].set()

    async def _serve_for_ever(self, handler: Handler) -> None:
        waker = self._wakers[handler.name]
        while True:
            await waker.wait()
            waker.clear()
            try:
                while (await self._serve(handler)).may_be_more:
                    pass
            except Exception:
                log.exception("lane failed; trying again", handler=handler.name)
                await asyncio.sleep(LOOK_EVERY_S)
                waker.set()

    async def _serve(self, handler: Handler) -> "_Served":
        """Takes one batch to its handler."""
        due: list[store.Delivery] = []
        deliveries: list[store.Delivery] = []
        try:
            async with self._database.transaction(SYSTEM) as uow:
                due = await store.take_due(uow, handler.name, limit=handler.batch)
                deliveries = _together(due)
                if deliveries:
                    await handler.run(uow, [self._decode(delivery) for delivery in deliveries])
                    await store.mark_done(uow, handler.name, [d.event_id for d in deliveries])
        except Exception as error:
            if not deliveries:
                raise
            log.exception("handler failed", handler=handler.name, events=len(deliveries))
            await self._note_failure(handler, deliveries, error)
        more = len(due) == handler.batch or len(deliveries) < len(due)
        return _Served(deliveries=len(deliveries), may_be_more=more)

    async def _note_failure(
        self, handler: Handler, deliveries: Sequence[store.Delivery], error: Exception
    ) -> None:
        attempts = max(delivery.attempts for delivery in deliveries)
        async with self._database.transaction(SYSTEM) as uow:
            await store.mark_failed(
                uow,
                handler.name,
                [delivery.event_id for delivery in deliveries],
                error=f"{type(error).__name__}: {error}",
                retry_in=timedelta(seconds=min(MAX_DELAY_S, 2.0**attempts)),
                max_attempts=MAX_ATTEMPTS,
            )

    def _decode(self, delivery: store.Delivery) -> Delivered[Event]:
        return Delivered(
            id=delivery.event_id,
            occurred_at=delivery.occurred_at,
            event=msgspec.convert(delivery.payload, self._types[delivery.topic]),
        )


def _together(due: list[store.Delivery]) -> list[store.Delivery]:
    """A batch of first attempts, or one retry alone: so that one bad event stops no others."""
    if due and due[0].attempts:
        return due[:1]
    return [delivery for delivery in due if not delivery.attempts]
