"""Keeps recommendations up to date: hears what people do, and learns anew when enough is new."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import structlog

from souk.commerce.orders.events import OrderPaid, OrderRefunded
from souk.discovery.collections.events import FavouriteChanged
from souk.discovery.recommendations import store
from souk.discovery.recommendations.model import Signal
from souk.discovery.recommendations.settings import RecommendationSettings
from souk.discovery.recommendations.store import Deed
from souk.discovery.recommendations.training import Trainer
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.analytics.api import Analytics, Interaction
from souk.kernel.errors import SoukError

_BATCH: Final = 100
_READ: Final = 1_000
_READS: Final = 50
"""Pages of analytics that one round reads: it ends within seconds."""
_VISITOR_DAYS: Final = 30

log = structlog.get_logger("souk.recommendations")


def deed_handler() -> Handler:
    """Purchases and favourites count at once; what was taken back counts no more."""

    async def take(uow: UnitOfWork, delivered: Sequence[Delivered[Any]]) -> None:
        for one in delivered:  # in their order: a purchase and its refund may come together
            event = one.event
            match event:
                case FavouriteChanged(favourite=True):
                    await _note(uow, one, event.user_id, "favourite")
                case FavouriteChanged():
                    await store.forget(uow, event.user_id, event.listing_id, "favourite")
                case OrderPaid():
                    await _note(uow, one, _buyer(event), "order")
                case OrderRefunded():
                    await store.forget(uow, _buyer(event), event.listing_id, "order")

    return Handler(
        name="discovery.recommendations",
        events=(OrderPaid, OrderRefunded, FavouriteChanged),
        run=take,
        batch=_BATCH,
    )


async def _note(uow: UnitOfWork, heard: Delivered[Any], person: str, kind: Signal) -> None:
    deed = Deed(person=person, listing_id=heard.event.listing_id, kind=kind, at=heard.occurred_at)
    await store.note(uow, [deed], once=True)


def _buyer(order: OrderPaid | OrderRefunded) -> str:
    """Whoever bought it; of orders that do not say it, the organisation as a person of its own."""
    return order.bought_by or order.buyer_organisation_id


class AnalyticsReader:
    """A schedule: reads what analytics has new since the last time."""

    def __init__(self, analytics: Analytics, settings: RecommendationSettings) -> None:
        self._analytics = analytics
        self._settings = settings

    async def read(self, uow: UnitOfWork) -> None:
        """Notes new interactions, and forgets old ones."""
        cursor = await store.cursor(uow)
        for _ in range(_READS):
            found = await self._analytics.interactions(uow, after=cursor, limit=_READ)
            if not found:
                break
            # The handler takes orders and favourites, and forgets what was taken back.
            others = [one for one in found if one.kind not in ("order", "favourite")]
            await store.note(uow, joined(others), once=False)
            cursor = found[-1].cursor
            await store.move_cursor(uow, cursor)
        await store.forget_before(
            uow, keep_days=self._settings.keep_days, keep_visitors_days=_VISITOR_DAYS
        )


def joined(found: Sequence[Interaction]) -> list[Deed]:
    """One deed for each person, listing and kind."""
    deeds: dict[tuple[str, str, str], Deed] = {}
    for one in found:
        key = (one.person, one.listing_id, one.kind)
        known = deeds.get(key)
        deeds[key] = Deed(
            person=one.person,
            listing_id=one.listing_id,
            kind=one.kind,
            times=1 if known is None else known.times + 1,
            at=one.at if known is None else max(known.at, one.at),
        )
    return list(deeds.values())


class TrainTask:
    """A task for the worker: learns a new model when enough has changed."""

    def __init__(self, trainer: Trainer, settings: RecommendationSettings) -> None:
        self._trainer = trainer
        self._settings = settings

    async def run(self) -> None:
        """Looks and learns until cancelled."""
        while True:
            try:
                about = await self._trainer.train_if_due()
                if about is not None:
                    log.info("a new model of recommendations", version=about.version)
            except (SoukError, OSError, TimeoutError):
                log.exception("learning failed; trying again later")
            await asyncio.sleep(self._settings.check_s)
