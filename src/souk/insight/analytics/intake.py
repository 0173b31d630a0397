"""Facts on their way in: a bounded queue in the process, written in batches by a task of its own.

Addresses and user agents stay in this queue for half a second and go nowhere else: what is written
is an id made of them with the day's salt.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Final

import msgspec
import psycopg
import structlog

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.telemetry.metrics import ANALYTICS_DROPPED, ANALYTICS_RECORDED
from souk.infra.waiting import waited
from souk.insight.analytics import store
from souk.insight.analytics.model import SALT_GRACE, day_of, visitor_id
from souk.insight.analytics.settings import AnalyticsSettings
from souk.insight.analytics.shelf import Shelf
from souk.kernel.clock import Clock
from souk.kernel.ids import new_id

RETRY_S: Final = 1.0

log = structlog.get_logger("souk.analytics")


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a visitor did, as it waits in the queue."""

    id: str
    kind: str
    """As in `analytics.facts`, or `search`."""
    at: datetime
    listing_id: str = ""
    user_id: str | None
    address: str
    user_agent: str
    organisation_ids: Collection[str]
    """Of the visitor's own."""
    country: str
    source: str
    query: str = ""
    result_count: int = 0


class Intake:
    """Takes arrivals without waiting, and writes them."""

    def __init__(
        self, *, database: Database, shelf: Shelf, clock: Clock, settings: AnalyticsSettings
    ) -> None:
        self._database = database
        self._clock = clock
        self._shelf = shelf
        self._settings = settings
        self._queue: deque[Arrival] = deque()
        self._full = asyncio.Event()
        self._salts: dict[date, bytes] = {}

    def take(self, arrival: Arrival) -> None:
        """Queues it, or drops it when the queue is full."""
        if len(self._queue) >= self._settings.queue_length:
            ANALYTICS_DROPPED.labels("queue_full").inc()
            return
        self._queue.append(arrival)
        if len(self._queue) >= self._settings.batch:
            self._full.set()

    async def run(self) -> None:
        """Writes batches until cancelled."""
        while True:
            await waited(self._full, self._settings.flush_ms / 1000)
            self._full.clear()
            self._forget_salts()
            try:
                await self.flush()
            except Exception:
                log.exception("facts could not be written; trying again")
                await asyncio.sleep(RETRY_S)

    async def flush(self) -> None:
        """Writes all that waits, a batch a transaction; a batch that fails stays in the queue."""
        while self._queue:
            size = min(len(self._queue), self._settings.batch)
            batch = [self._queue.popleft() for _ in range(size)]
            try:
                await self._write(batch)
            except psycopg.DataError:
                ANALYTICS_DROPPED.labels("unwritable").inc(len(batch))
                log.exception("facts cannot be written and are given up", facts=len(batch))
                continue
            except BaseException:
                self._queue.extendleft(reversed(batch))
                raise
            ANALYTICS_RECORDED.inc(len(batch))

    async def close(self) -> None:
        """Writes what still waits when the process ends."""
        try:
            async with asyncio.timeout(RETRY_S * 3):
                await self.flush()
        except Exception:
            ANALYTICS_DROPPED.labels("shutdown").inc(len(self._queue))
            log.warning("facts were lost at the end of the process", facts=len(self._queue))

    async def _write(self, batch: Sequence[Arrival]) -> None:
        salts = await self._salts_of({day_of(one.at) for one in batch})
        async with self._database.transaction(SYSTEM) as uow:
            ids = {one.listing_id for one in batch if one.listing_id}
            listings = await self._shelf.find(uow, ids)
            facts, searches = [], []
            for one in batch:
                visitor = visitor_id(
                    salts[day_of(one.at)],
                    user_id=one.user_id,
                    address=one.address,
                    user_agent=one.user_agent,
                )
                if one.kind == "search":
                    searches.append(_search(one, visitor))
                    continue
                listing = listings.get(one.listing_id)
                if listing is not None and listing.organisation_id not in one.organisation_ids:
                    facts.append(_fact(one, visitor, organisation_id=listing.organisation_id))
            await store.add_searches(uow, searches)
            await store.add_facts(uow, facts)

    async def _salts_of(self, days: Iterable[date]) -> dict[date, bytes]:
        """In a transaction of its own: a salt is remembered only once it is kept."""
        missing = [day for day in days if day not in self._salts]
        if missing:
            async with self._database.transaction(SYSTEM) as uow:
                found = {
                    day: await store.salt_of(uow, day, fresh=secrets.token_bytes(32))
                    for day in missing
                }
            self._salts.update(found)
        return dict(self._salts)

    def _forget_salts(self) -> None:
        """Past days' salts go from memory as they go from the database."""
        first = day_of(self._clock.now() - SALT_GRACE)
        for day in [day for day in self._salts if day < first]:
            del self._salts[day]


def _search(one: Arrival, visitor: str) -> store.NewSearch:
    return store.NewSearch(
        id=one.id, at=one.at, visitor=visitor, query=one.query, result_count=one.result_count
    )


def _fact(one: Arrival, visitor: str, *, organisation_id: str) -> store.NewFact:
    return store.NewFact(
        id=one.id,
        kind=one.kind,
        listing_id=one.listing_id,
        organisation_id=organisation_id,
        at=one.at,
        visitor=visitor,
        user_id=one.user_id,
        country=one.country,
        source=one.source,
        query=one.query,
    )


def fresh_id(at: datetime) -> str:
    """An id for a fact."""
    return new_id("fct", at)
