"""Keeps search up to date: hears of listings, and now and then compares them all."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from souk.discovery.collections.events import FavouriteChanged
from souk.discovery.reviews.events import RatingChanged
from souk.discovery.search.feeding import Feeding
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.infra.waiting import waited
from souk.insight.analytics.events import TrendingChanged
from souk.works.listings.events import (
    ListingEdited,
    ListingEvent,
    ListingPublished,
    ListingRetired,
    VersionPublished,
)

_BATCH: Final = 50
_IDLE_S: Final = 5.0

_Heard = ListingEvent | RatingChanged | FavouriteChanged

log = structlog.get_logger("souk.search")


def search_handler(feeding: Feeding) -> Handler:
    """Takes over listings as they are published, edited and retired, rated and made favourites.

    A listing is embedded anew only when its words have changed.
    """

    async def take_over(uow: UnitOfWork, delivered: Sequence[Delivered[_Heard]]) -> None:
        await feeding.refresh(uow, list(dict.fromkeys(one.event.listing_id for one in delivered)))

    return Handler(
        name="discovery.search",
        events=(
            ListingPublished,
            ListingEdited,
            VersionPublished,
            ListingRetired,
            RatingChanged,
            FavouriteChanged,
        ),
        run=take_over,
        batch=_BATCH,
    )


def trends_handler(feeding: Feeding) -> Handler:
    """Takes over what trends more or less than before; an event names up to 100 listings."""

    async def take_over(uow: UnitOfWork, delivered: Sequence[Delivered[TrendingChanged]]) -> None:
        for one in delivered:
            await feeding.refresh(uow, one.event.listing_ids)

    return Handler(name="discovery.search_trends", events=(TrendingChanged,), run=take_over)


class EmbedTask:
    """A task for the worker: gives every document its vector.

    A listing is found by its words before: embedding is the slow part, and nobody waits for it.
    """

    def __init__(self, feeding: Feeding) -> None:
        self._feeding = feeding
        self._news = asyncio.Event()

    def wake(self, _payload: str | None = None) -> None:
        """Documents may lack a vector (called on NOTIFY)."""
        self._news.set()

    async def run(self) -> None:
        """Embeds until cancelled."""
        await self._feeding.forget_foreign_vectors()
        while True:
            self._news.clear()
            try:
                while await self._feeding.embed_waiting():
                    pass
            except Exception:
                log.exception("embedding failed; trying again")
            await waited(self._news, _IDLE_S)


def check_task(feeding: Feeding, *, every_s: float) -> Callable[[], Awaitable[None]]:
    """A task for the worker: compares all listings at the start and now and then."""

    async def check_for_ever() -> None:
        while True:
            try:
                differed = await feeding.check_all()
                log.info("search compared with all listings", differed=differed)
            except Exception:
                log.exception("comparing failed; trying again later")
            await asyncio.sleep(every_s)

    return check_for_ever
