"""The worker's part: hears of listings, makes trees, fetches pins, and pins elsewhere."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from souk.delivery.ipfs import remote_store, store
from souk.delivery.ipfs.store import WaitingRow
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.infra.waiting import waited
from souk.works.listings.events import (
    ListingEdited,
    ListingEvent,
    ListingPublished,
    ListingRetired,
    VersionPublished,
)

BATCH: Final = 100
IDLE_S: Final = 5.0

log = structlog.get_logger("souk.ipfs")


class WorkTask:
    """A task for the worker: does what is due of one kind, as soon as it hears of any."""

    def __init__(self, name: str, step: Callable[[], Awaitable[object]]) -> None:
        self._name = name
        self._step = step
        self._news = asyncio.Event()

    def wake(self) -> None:
        """There may be something to do."""
        self._news.set()

    async def run(self) -> None:
        """Works until cancelled; a step answers whether there was anything to do."""
        while True:
            self._news.clear()
            try:
                while await self._step():
                    pass
            except Exception:
                log.exception("a task failed; trying again", task=self._name)
            await waited(self._news, IDLE_S)


def notes_handler(index: WorkTask) -> Handler:
    """Notes which versions were published; their trees are made outside of the transaction."""

    async def note(uow: UnitOfWork, delivered: Sequence[Delivered[VersionPublished]]) -> None:
        rows = [
            WaitingRow(
                version_id=one.event.version_id,
                listing_id=one.event.listing_id,
                organisation_id=one.event.organisation_id,
                revision_id=one.event.revision_id,
                attempts=0,
            )
            for one in delivered
        ]
        await store.await_tree(uow, rows)
        uow.after_commit(index.wake)

    return Handler(name="delivery.ipfs", events=(VersionPublished,), run=note, batch=BATCH)


def remote_handler(task: WorkTask) -> Handler:
    """Has pins elsewhere compared anew with what is given away."""

    async def look(uow: UnitOfWork, delivered: Sequence[Delivered[ListingEvent]]) -> None:
        ids = list({one.event.listing_id for one in delivered})
        if await remote_store.look_again(uow, ids):
            uow.after_commit(task.wake)

    return Handler(
        name="delivery.ipfs_remote",
        events=(ListingPublished, ListingEdited, ListingRetired),
        run=look,
        batch=BATCH,
    )
