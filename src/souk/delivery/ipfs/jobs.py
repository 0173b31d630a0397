"""The worker's part: hears of published versions, and makes their trees."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from souk.delivery.ipfs import store
from souk.delivery.ipfs.indexing import Indexer
from souk.delivery.ipfs.store import WaitingRow
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.infra.waiting import waited
from souk.works.listings.events import VersionPublished

BATCH: Final = 100
IDLE_S: Final = 5.0

log = structlog.get_logger("souk.ipfs")


class IndexTask:
    """A task for the worker: gives versions their trees as they are published."""

    def __init__(self, indexer: Indexer) -> None:
        self._indexer = indexer
        self._news = asyncio.Event()

    def handler(self) -> Handler:
        """Notes which versions were published; the tree is made outside of the transaction."""

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
            uow.after_commit(self._news.set)

        return Handler(name="delivery.ipfs", events=(VersionPublished,), run=note, batch=BATCH)

    async def run(self) -> None:
        """Makes trees until cancelled."""
        while True:
            self._news.clear()
            try:
                while await self._indexer.index_waiting():
                    pass
            except Exception:
                log.exception("making trees failed; trying again")
            await waited(self._news, IDLE_S)
