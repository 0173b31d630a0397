"""Facts for tests, and what they add up to, computed without a database."""

import itertools
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.insight.analytics import store
from souk.insight.analytics.store import NewFact

_numbers = itertools.count(1)
COUNTED = ("view", "click", "checkout", "favourite", "download", "order", "refund")
_STEPS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}


class Stall:
    """A seller of its own with two listings, so that tests do not meet."""

    def __init__(self) -> None:
        number = next(_numbers)
        self.organisation_id = f"org_{number}"
        self.listing_ids = [f"lst_{number}_a", f"lst_{number}_b"]

    def fact(self, at: datetime, kind: str = "view", **fields: Any) -> NewFact:
        """A fact about the first listing, unless another is named."""
        values: dict[str, Any] = {
            "id": f"fct_{next(_numbers)}",
            "listing_id": self.listing_ids[0],
            "organisation_id": self.organisation_id,
            "visitor": "vis_1",
            "country": "unknown",
            "source": "direct",
        }
        if kind in ("order", "refund"):
            values |= {"order_id": f"ord_{next(_numbers)}", "currency": "USD"}
        return NewFact(kind=kind, at=at, **{**values, **fields})


async def write(database: Database, facts: Iterable[NewFact]) -> int:
    """Writes facts in one transaction; how many were new."""
    async with database.transaction(SYSTEM) as uow:
        return await store.add_facts(uow, list(facts))


def start_of(grain: str, at: datetime) -> datetime:
    hour = at.replace(minute=0, second=0, microsecond=0)
    return hour if grain == "hour" else hour.replace(hour=0)


def expected_sums(facts: Iterable[NewFact]) -> dict[str, set[tuple[Any, ...]]]:
    """The rows of every table of sums that these facts (each once) make."""
    by_id = {fact.id: fact for fact in facts}
    traffic: defaultdict[tuple[Any, ...], list[NewFact]] = defaultdict(list)
    audience: defaultdict[tuple[Any, ...], set[str]] = defaultdict(set)
    money: defaultdict[tuple[Any, ...], list[NewFact]] = defaultdict(list)
    origins: defaultdict[tuple[Any, ...], list[NewFact]] = defaultdict(list)
    for fact in by_id.values():
        for grain in _STEPS:
            start = start_of(grain, fact.at)
            traffic[fact.listing_id, grain, start].append(fact)
            if fact.kind == "view":
                audience[fact.organisation_id, grain, start].add(fact.visitor)
            if fact.currency is not None:
                money[fact.listing_id, grain, start, fact.currency, fact.country].append(fact)
        if fact.kind in ("view", "order"):
            for dimension in ("country", "source", "query"):
                if value := getattr(fact, dimension):
                    origins[fact.listing_id, fact.at.date(), dimension, value].append(fact)
    return {
        "traffic": {
            (
                *key,
                *(sum(fact.kind == kind for fact in found) for kind in COUNTED),
                len({fact.visitor for fact in found if fact.kind == "view"}),
            )
            for key, found in traffic.items()
        },
        "audience": {(*key, len(visitors)) for key, visitors in audience.items()},
        "revenue": {
            (
                *key,
                sum(fact.kind == "order" for fact in found),
                sum(fact.kind == "refund" for fact in found),
                sum(fact.gross_minor for fact in found if fact.kind == "order"),
                sum(fact.net_minor for fact in found if fact.kind == "order"),
                sum(fact.net_minor for fact in found if fact.kind == "refund"),
            )
            for key, found in money.items()
        },
        "origins": {
            (
                *key,
                sum(fact.kind == "view" for fact in found),
                sum(fact.kind == "order" for fact in found),
            )
            for key, found in origins.items()
        },
    }


_SUMS = {
    "traffic": "listing_id, grain, starts_at, views, clicks, checkouts, favourites, downloads, "
    "orders, refunds, visitors",
    "audience": "organisation_id, grain, starts_at, visitors",
    "revenue": "listing_id, grain, starts_at, currency, country, orders, refunds, gross_minor, "
    "net_minor, refunded_minor",
    "origins": "listing_id, day, dimension, value, views, orders",
}


async def kept_sums(database: Database, stall: Stall) -> dict[str, set[tuple[Any, ...]]]:
    """The rows that the database keeps of a seller."""
    found = {}
    async with database.transaction(SYSTEM) as uow:
        for table, columns in _SUMS.items():
            rows = await uow.dicts(
                f"SELECT {columns} FROM analytics.{table} WHERE organisation_id = %(id)s",
                id=stall.organisation_id,
            )
            found[table] = {tuple(row.values()) for row in rows}
    return found
