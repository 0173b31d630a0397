"""Deeds as they are heard: whose they are, and what a refund takes back."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from souk.commerce.orders.events import OrderPaid, OrderRefunded
from souk.discovery.recommendations import store
from souk.discovery.recommendations.jobs import AnalyticsReader, deed_handler
from souk.discovery.recommendations.model import Signal
from souk.discovery.recommendations.settings import RecommendationSettings
from souk.infra.outbox.handlers import Delivered
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.analytics.api import Interaction
from souk.kernel.events import Event
from souk.kernel.ids import EventId, new_id

pytestmark = pytest.mark.database
AT = datetime.now(UTC)


class Told:
    """The part of `Analytics` that is read: these interactions, once."""

    def __init__(self, *interactions: Interaction) -> None:
        self._left = list(interactions)

    async def interactions(
        self, uow: UnitOfWork, *, after: str | None = None, limit: int = 1000
    ) -> list[Interaction]:
        left, self._left = self._left, []
        return left


class Purchase:
    """An order of a listing of its own by a member of an organisation."""

    def __init__(self, database: Database, bought_by: str | None = None) -> None:
        self._database = database
        self.listing_id = new_id("lst", AT)
        self.organisation_id = new_id("org", AT)
        self.user_id = new_id("usr", AT) if bought_by is None else bought_by
        self._fields = {
            "order_id": new_id("ord", AT),
            "number": "1",
            "listing_id": self.listing_id,
            "listing_address": "acme/data",
            "listing_title": "Data",
            "buyer_organisation_id": self.organisation_id,
            "buyer_name": "Buyers",
            "seller_organisation_id": new_id("org", AT),
            "seller_name": "Sellers",
            "currency": "USD",
            "licence_id": new_id("lic", AT),
            "bought_by": self.user_id,
        }

    def paid(self) -> OrderPaid:
        return OrderPaid(**self._fields, price_minor=500, seller_net_minor=450)

    def refunded(self) -> OrderRefunded:
        return OrderRefunded(**self._fields, price_minor=500, reason="Not as told.")

    def interaction(self, kind: Signal) -> Interaction:
        return Interaction(
            cursor="1", person=self.user_id, listing_id=self.listing_id, kind=kind, weight=1, at=AT
        )

    async def hear(self, *events: Event) -> None:
        delivered = [
            Delivered(id=EventId(new_id("evt", AT)), occurred_at=AT, event=event)
            for event in events
        ]
        async with self._database.transaction(SYSTEM) as uow:
            await deed_handler().run(uow, delivered)

    async def read(self, *kinds: Signal) -> None:
        told = Told(*(self.interaction(kind) for kind in kinds))
        reader = AnalyticsReader(told, RecommendationSettings())  # type: ignore[arg-type]  # the part that is read
        async with self._database.transaction(SYSTEM) as uow:
            await reader.read(uow)

    async def deeds(self) -> list[tuple[str, str]]:
        async with self._database.transaction(SYSTEM) as uow:
            people = [self.user_id, self.organisation_id]
            found = await store.latest_of(uow, people, limit=10)
        return [(one.person, one.kind) for one in found]


@pytest_asyncio.fixture(autouse=True)
async def kept_cursor(database: Database) -> AsyncIterator[None]:
    """Leaves how far analytics has been read as it was."""
    async with database.transaction(SYSTEM) as uow:
        before: str | None = await store.cursor(uow)
    yield
    async with database.transaction(SYSTEM) as uow:
        await uow.execute(
            "UPDATE recommendations.progress SET cursor = %(to)s WHERE reader = 'analytics'",
            to=before,
        )


async def test_a_purchase_is_its_buyers_and_a_refund_takes_it_back(database: Database) -> None:
    purchase = Purchase(database)
    await purchase.hear(purchase.paid())
    await purchase.read("order", "view")
    assert sorted(await purchase.deeds()) == [
        (purchase.user_id, "order"),
        (purchase.user_id, "view"),
    ]
    await purchase.hear(purchase.refunded())
    assert await purchase.deeds() == [(purchase.user_id, "view")]


async def test_what_was_refunded_before_analytics_was_read_stays_forgotten(
    database: Database,
) -> None:
    purchase = Purchase(database)
    await purchase.hear(purchase.paid(), purchase.refunded())
    await purchase.read("order")
    assert await purchase.deeds() == []


async def test_an_order_that_names_no_user_is_the_organisations(database: Database) -> None:
    purchase = Purchase(database, bought_by="")
    await purchase.hear(purchase.paid())
    assert await purchase.deeds() == [(purchase.organisation_id, "order")]
    await purchase.hear(purchase.refunded())
    assert await purchase.deeds() == []
