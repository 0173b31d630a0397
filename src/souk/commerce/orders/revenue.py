"""Reports of what sales brought to an organisation."""

from datetime import timedelta

from souk.commerce.orders import store
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.commerce import Revenue


class RevenueReports:
    """By day and by listing."""

    async def revenue(
        self, uow: UnitOfWork, actor: Actor, *, organisation_id: str | None, days: int
    ) -> Revenue:
        """What reached an organisation from sales that still stand, in the last `days` days."""
        chosen = actor.acting_for(organisation_id)
        since = (uow.now - timedelta(days=days - 1)).date()
        # A creator or partner gets a part of orders between others: the queries below show sums of
        # the own parts only, so they may look past the orders' own wall.
        async with uow.as_system():
            by_day = await store.revenue_days(uow, chosen, since=since)
            by_listing = await store.revenue_listings(uow, chosen, since=since)
        return Revenue(organisation_id=chosen, days=by_day, by_listing=by_listing)
