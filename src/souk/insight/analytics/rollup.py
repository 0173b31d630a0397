"""Rolling up: from single facts to sums, and the deletion of facts whose time has come."""

from collections.abc import Sequence
from typing import Final

import msgspec

from souk.infra.live.api import Live, NewMessage, organisation
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.analytics import rollup_store, store
from souk.insight.analytics.model import SALT_GRACE, day_of, kept_from, start_of_day
from souk.insight.analytics.rollup_store import Bucket
from souk.insight.analytics.settings import AnalyticsSettings

MARKS: Final = 5_000
"""Marks taken in one go."""


class RollUp:
    """Keeps the sums equal to the facts."""

    def __init__(self, *, live: Live, settings: AnalyticsSettings) -> None:
        self._live = live
        self._settings = settings

    async def roll_up(self, uow: UnitOfWork) -> int:
        """Adds up what changed, and tells the sellers' dashboards; answers how many marks it took.

        Harmless to repeat, and to run at the same time as itself.
        """
        await rollup_store.alone(uow)
        taken, hours = await rollup_store.take_stale(uow, limit=MARKS)
        if hours:
            days = _days(hours)
            for grain, buckets in (("hour", hours), ("day", days)):
                await rollup_store.add_up_traffic(uow, grain, buckets)
                await rollup_store.add_up_revenue(uow, grain, buckets)
                await rollup_store.add_up_audience(uow, grain, buckets)
            await rollup_store.add_up_origins(uow, days)
            sellers = sorted({hour.organisation_id for hour in hours})
            await self._live.publish_all(
                uow, [NewMessage(organisation(one), "analytics.numbers", {}) for one in sellers]
            )
        return taken

    async def rebuild(self, uow: UnitOfWork) -> int:
        """Adds up everything again that single facts are kept of; answers how many hours."""
        await rollup_store.alone(uow)
        await rollup_store.mark_all(uow)
        return await self._all_of_it(uow)

    async def forget_old(self, uow: UnitOfWork) -> int:
        """Destroys past days' salts, and facts older than they are kept; answers how many facts."""
        await store.destroy_salts(uow, before=day_of(uow.now - SALT_GRACE))
        moment = kept_from(uow.now, keep_days=self._settings.keep_days)
        if not await store.any_before(uow, moment):
            return 0
        await rollup_store.alone(uow)
        await store.keep_writers_out(uow)
        await self._all_of_it(uow)
        return await store.delete_before(uow, moment)

    async def _all_of_it(self, uow: UnitOfWork) -> int:
        total = 0
        while taken := await self.roll_up(uow):
            total += taken
        return total


def _days(hours: Sequence[Bucket]) -> list[Bucket]:
    """The days that these hours belong to, each once."""
    days = {msgspec.structs.replace(hour, starts_at=start_of_day(hour.starts_at)) for hour in hours}
    return sorted(days, key=lambda day: (day.listing_id, day.starts_at))
