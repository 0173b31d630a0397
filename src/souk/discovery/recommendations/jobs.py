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
        # A purchase and its refund may come together: the last word of each deed counts.
        last = {_deed_of(one.event): one for one in delivered}
        gone = {deed for deed, one in last.items() if _takes_back(one.event)}
        if gone:
            await store.forget(uow, gone)
        noted = [
            Deed(person=person, listing_id=listing_id, kind=kind, at=last[deed].occurred_at)
            for deed in sorted(last.keys() - gone)
            for person, listing_id, kind in [deed]
        ]
        if noted:
            await store.note(uow, noted, once=True)

    return Handler(
        name="discovery.recommendations",
        events=(OrderPaid, OrderRefunded, FavouriteChanged),
        run=take,
        batch=_BATCH,
    )


def _deed_of(
    event: OrderPaid | OrderRefunded | FavouriteChanged,
) -> tuple[str, str, Signal]:
    if isinstance(event, FavouriteChanged):
        return event.user_id, event.listing_id, "favourite"
    # Orders that do not say who bought: the organisation as a person of its own.
    return event.bought_by or event.buyer_organisation_id, event.listing_id, "order"


def _takes_back(event: OrderPaid | OrderRefunded | FavouriteChanged) -> bool:
    if isinstance(event, FavouriteChanged):
        return not event.favourite
    return isinstance(event, OrderRefunded)


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
