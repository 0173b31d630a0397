"""What analytics learns from events, and the worker's task that rolls up."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import structlog

from souk.commerce.orders.events import OrderPaid, OrderRefunded
from souk.delivery.downloads.events import VersionDownloaded
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.infra.waiting import waited
from souk.insight.analytics import store
from souk.insight.analytics.model import UNKNOWN
from souk.insight.analytics.rollup import MARKS, RollUp
from souk.insight.analytics.shelf import Shelf
from souk.insight.analytics.store import Footprint, NewFact, OrderOrigin, Visit
from souk.people.organisations.api import OrganisationsApi
from souk.works.listings.events import ListingEdited, ListingEvent, ListingPublished, ListingRetired

_BATCH: Final = 100
_IDLE_S: Final = 5.0
_REST_S: Final = 0.5
"""Between two roll-ups: marks that come together are added up together."""
FOOTPRINT_KEPT: Final = timedelta(days=1)
"""How long after a visit a sale is put down to where that visit came from."""
_NOWHERE: Final = Footprint(country=UNKNOWN, source=UNKNOWN, query="")

log = structlog.get_logger("souk.analytics")


class SalesFacts:
    """Takes sales, refunds and downloads over as facts; an event's id is the fact's."""

    def __init__(self, *, organisations: OrganisationsApi, shelf: Shelf) -> None:
        self._organisations = organisations
        self._shelf = shelf

    def handlers(self) -> list[Handler]:
        return [
            Handler(
                name="analytics.sales",
                events=(OrderPaid, OrderRefunded),
                run=self.take_sales,
                batch=_BATCH,
            ),
            Handler(
                name="analytics.downloads",
                events=(VersionDownloaded,),
                run=self.take_downloads,
                batch=_BATCH,
            ),
            Handler(
                name="analytics.listings",
                events=(ListingPublished, ListingEdited, ListingRetired),
                run=self.take_listings,
                batch=_BATCH,
            ),
        ]

    async def take_sales(self, uow: UnitOfWork, delivered: Sequence[Delivered[Any]]) -> None:
        """Orders and refunds of any seller."""
        await self._shelf.find(uow, {one.event.listing_id for one in delivered})
        orders = [one for one in delivered if isinstance(one.event, OrderPaid)]
        refunds = [one for one in delivered if isinstance(one.event, OrderRefunded)]
        facts = []
        if orders:
            facts += await self._orders(uow, orders)
        if refunds:  # after the orders: both may come together
            facts += await self._refunds(uow, refunds)
        await store.add_facts(uow, facts)

    async def take_downloads(
        self, uow: UnitOfWork, delivered: Sequence[Delivered[VersionDownloaded]]
    ) -> None:
        """First downloads of a version under a licence."""
        listings = await self._shelf.known(uow, {one.event.listing_id for one in delivered})
        people = await self._people(uow, {one.event.licensee_organisation_id for one in delivered})
        facts = [
            NewFact(
                id=one.id,
                kind="download",
                listing_id=one.event.listing_id,
                organisation_id=listings[one.event.listing_id].organisation_id,
                at=one.occurred_at,
                visitor=one.event.licensee_organisation_id,
                user_id=people.get(one.event.licensee_organisation_id),
                country=UNKNOWN,
                source=UNKNOWN,
            )
            for one in delivered
            if one.event.listing_id in listings
        ]
        await store.add_facts(uow, facts)

    async def take_listings(
        self, uow: UnitOfWork, delivered: Sequence[Delivered[ListingEvent]]
    ) -> None:
        """Kind, category and state of listings that analytics knows."""
        await self._shelf.refresh(uow, {one.event.listing_id for one in delivered})

    async def _orders(
        self, uow: UnitOfWork, delivered: Sequence[Delivered[OrderPaid]]
    ) -> list[NewFact]:
        visits = [
            Visit(
                user_id=one.event.bought_by,
                listing_id=one.event.listing_id,
                since=one.occurred_at - FOOTPRINT_KEPT,
            )
            for one in delivered
        ]
        came = await store.latest_footprints(uow, visits)
        facts = [_order_fact(one, came.get(_visitor(one.event), _NOWHERE)) for one in delivered]
        origins = [
            OrderOrigin(
                order_id=one.event.order_id,
                listing_id=fact.listing_id,
                country=fact.country,
                source=fact.source,
                currency=one.event.currency,
                net_minor=fact.net_minor,
            )
            for one, fact in zip(delivered, facts, strict=True)
        ]
        await store.note_origins(uow, origins)
        return facts

    async def _refunds(
        self, uow: UnitOfWork, delivered: Sequence[Delivered[OrderRefunded]]
    ) -> list[NewFact]:
        origins = await store.origins_of(uow, [one.event.order_id for one in delivered])
        return [_refund_fact(one, origins.get(one.event.order_id)) for one in delivered]

    async def _people(self, uow: UnitOfWork, organisation_ids: set[str]) -> dict[str, str]:
        """Whose personal organisation each is; organisations of several people are nobody's."""
        known = await self._organisations.many(uow, sorted(organisation_ids))
        personal = sorted(key for key, facts in known.items() if facts.personal)
        members = await self._organisations.members_of(uow, personal)
        return {key: found[0].user_id for key, found in members.items() if len(found) == 1}


def _visitor(event: OrderPaid) -> tuple[str, str]:
    return event.bought_by, event.listing_id


def _order_fact(one: Delivered[OrderPaid], came: Footprint) -> NewFact:
    event = one.event
    return NewFact(
        id=one.id,
        kind="order",
        listing_id=event.listing_id,
        organisation_id=event.seller_organisation_id,
        at=one.occurred_at,
        visitor=event.buyer_organisation_id,
        user_id=event.bought_by or None,
        country=came.country,
        source=came.source,
        query=came.query,
        order_id=event.order_id,
        currency=event.currency,
        gross_minor=event.price_minor,
        net_minor=event.seller_net_minor,
    )


def _refund_fact(one: Delivered[OrderRefunded], origin: OrderOrigin | None) -> NewFact:
    event = one.event
    return NewFact(
        id=one.id,
        kind="refund",
        listing_id=event.listing_id,
        organisation_id=event.seller_organisation_id,
        at=one.occurred_at,
        visitor=event.buyer_organisation_id,
        country=origin.country if origin else UNKNOWN,
        source=origin.source if origin else UNKNOWN,
        order_id=event.order_id,
        currency=event.currency,
        gross_minor=event.price_minor,
        net_minor=origin.net_minor if origin else 0,
    )


class RollUpTask:
    """A task for the worker: rolls up as soon as facts were written."""

    def __init__(self, *, database: Database, rollup: RollUp) -> None:
        self._database = database
        self._rollup = rollup
        self._news = asyncio.Event()

    def wake(self, _payload: str | None = None) -> None:
        """Facts were written (called on NOTIFY)."""
        self._news.set()

    async def run(self) -> None:
        """Rolls up until cancelled."""
        while True:
            self._news.clear()
            try:
                while await self._once() >= MARKS:
                    pass
            except Exception:
                log.exception("rolling up failed; trying again")
            await asyncio.sleep(_REST_S)
            await waited(self._news, _IDLE_S)

    async def _once(self) -> int:
        async with self._database.transaction(SYSTEM) as uow:
            return await self._rollup.roll_up(uow)
