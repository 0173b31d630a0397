"""Hears of changed listings, and has them held against saved searches."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from souk.discovery.alerts import store
from souk.discovery.alerts.matching import Matching
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.infra.waiting import waited
from souk.kernel.errors import Unavailable
from souk.works.listings.events import (
    ListingEdited,
    ListingEvent,
    ListingPublished,
    VersionPublished,
)

_BATCH: Final = 200
_IDLE_S: Final = 1.0

log = structlog.get_logger("souk.alerts")


def alert_handler() -> Handler:
    """Notes which listings became public, or changed while they are."""

    async def note(uow: UnitOfWork, delivered: Sequence[Delivered[ListingEvent]]) -> None:
        changed = {one.event.listing_id for one in delivered if _is_public(one.event)}
        if changed:
            await store.note_changes(uow, changed)

    return Handler(
        name="discovery.alerts",
        events=(ListingPublished, ListingEdited, VersionPublished),
        run=note,
        batch=_BATCH,
    )


def _is_public(event: ListingEvent) -> bool:
    """A draft's edits concern nobody else."""
    return event.published if isinstance(event, ListingEdited) else True


class AlertTask:
    """A task for the worker: takes waiting listings to those who look for them."""

    def __init__(self, matching: Matching) -> None:
        self._matching = matching
        self._news = asyncio.Event()

    def wake(self, _payload: str | None = None) -> None:
        """The index changed: listings may have come into it (called on NOTIFY)."""
        self._news.set()

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            self._news.clear()
            try:
                while await self._matching.step():
                    pass
            except Unavailable as error:
                log.info("search cannot be asked now; trying again", code=error.code)
            except Exception:
                log.exception("saved searches could not be asked; trying again")
            await waited(self._news, _IDLE_S)
