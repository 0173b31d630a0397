"""Analytics on a real database whose time the tests set."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from souk.infra.live.publisher import LivePublisher
from souk.infra.outbox.store import write_events
from souk.infra.postgres.database import Database
from souk.insight.analytics.rollup import RollUp
from souk.insight.analytics.settings import AnalyticsSettings
from souk.kernel.clock import FixedClock


@pytest.fixture(scope="module")
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 5, 20, 12, 30, tzinfo=UTC))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def timed(app_dsn: str, clock: FixedClock) -> AsyncIterator[Database]:
    """The database, with transactions that happen when the clock says."""
    opened = Database(app_dsn, pool_size=8, clock=clock, write_events=write_events)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
def rollup(timed: Database) -> RollUp:
    return RollUp(live=LivePublisher(timed), settings=AnalyticsSettings(keep_days=30))
