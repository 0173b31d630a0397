"""Use cases of the operator. Only an admin may ask."""

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog

from souk.infra.operations import store
from souk.infra.operations.api import DiskFacts, ScheduleFacts, System, WorkflowRun
from souk.infra.operations.rates import RateMeter
from souk.infra.outbox import store as outbox
from souk.infra.outbox.store import DeadLetter
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import NotFound
from souk.kernel.paging import Page, decode_cursor, page_of

PERMISSION: Final = "marketplace:administer"
GONE_AFTER: Final = timedelta(seconds=10)
"""A process that has said nothing for so long is not listed."""

audit = structlog.get_logger("souk.audit")


class Operations:
    """The marketplace's state, and what the operator can do about stuck deliveries."""

    def __init__(self, *, data_path: Path) -> None:
        self._data_path = data_path
        self._meter = RateMeter()

    async def system(self, uow: UnitOfWork, actor: Actor) -> System:
        """Everything at this moment."""
        actor.require(PERMISSION)
        disk = await asyncio.to_thread(shutil.disk_usage, self._data_path)
        return System(
            at=uow.now,
            requests=await self._meter.look(),
            queues=await store.queues(uow),
            database=await store.database(uow),
            disk=DiskFacts(total_bytes=disk.total, free_bytes=disk.free),
            processes=await store.processes(uow, since=uow.now - GONE_AFTER),
        )

    async def schedules(self, uow: UnitOfWork, actor: Actor) -> list[ScheduleFacts]:
        """Every schedule with its last run."""
        actor.require(PERMISSION)
        return await store.schedules(uow)

    async def workflows(self, uow: UnitOfWork, actor: Actor, *, limit: int) -> list[WorkflowRun]:
        """Durable workflows, the unfinished and failed ones first."""
        actor.require(PERMISSION)
        return await store.workflows(uow, limit=limit)

    async def dead_letters(
        self, uow: UnitOfWork, actor: Actor, *, cursor: str | None, limit: int
    ) -> Page[DeadLetter]:
        """Deliveries that were given up, newest first."""
        actor.require(PERMISSION)
        key = decode_cursor(cursor, size=2)
        before = (str(key[0]), str(key[1])) if key else None
        rows = await outbox.dead_letters(uow, before=before, limit=limit + 1)
        return page_of(rows, limit=limit, key=lambda row: [row.event_id, row.handler])

    async def retry(self, uow: UnitOfWork, actor: Actor, *, event_id: str, handler: str) -> None:
        """Gives a dead delivery another set of attempts.

        Raises:
            NotFound: `delivery_unknown`.
        """
        user_id = actor.require(PERMISSION)
        if not await outbox.revive(uow, event_id=event_id, handler=handler):
            raise _unknown()
        audit.info("dead letter retried", by=user_id, event_id=event_id, handler=handler)

    async def discard(self, uow: UnitOfWork, actor: Actor, *, event_id: str, handler: str) -> None:
        """Gives a dead delivery up for good: its handler will never get the event.

        Raises:
            NotFound: `delivery_unknown`.
        """
        user_id = actor.require(PERMISSION)
        error = await outbox.discard(uow, event_id=event_id, handler=handler, by=user_id)
        if error is None:
            raise _unknown()
        audit.warning(
            "dead letter discarded", by=user_id, event_id=event_id, handler=handler, error=error
        )


def _unknown() -> NotFound:
    return NotFound("delivery_unknown", "There is no such delivery among the dead ones.")
