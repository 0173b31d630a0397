"""What the front page and the categories show to everybody, read once for many visitors."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, Generic, TypeVar

import msgspec

from souk.discovery.search.api import Filters, SearchQuestion, Sort
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import NotFound, Unavailable
from souk.web import ports
from souk_client.contracts.collections import CollectionSummary, Featured
from souk_client.contracts.discovery import SearchAnswer
from souk_client.contracts.works import ListingSummary

T = TypeVar("T")

POPULAR_S: Final = 300.0
"""Popular lists change slowly."""
FRESH_S: Final = 3.0
"""What is new, featured or curated is at most so old."""
ROW: Final = 4
NEWEST: Final = 8
FEATURED: Final = 6
SHELVES: Final = 4
CATEGORIES: Final = 14
_KEPT: Final = 200


class Fresh(msgspec.Struct, frozen=True, kw_only=True):
    """Lists that follow what people do within seconds."""

    newest: list[ListingSummary]
    featured: list[Featured]
    shelves: list[CollectionSummary]
    kind_counts: dict[str, int]
    categories: list[tuple[str, int]]
    """Names with the number of works, the largest first."""
    total: int
    index_ready: bool


class Popular(msgspec.Struct, frozen=True, kw_only=True):
    """Lists that change slowly."""

    trending: list[ListingSummary]
    popular: list[ListingSummary]


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """Everything on a category's page."""

    newest: list[ListingSummary]
    trending: list[ListingSummary]
    popular: list[ListingSummary]
    kind_counts: dict[str, int]
    total: int
    index_ready: bool


class Front:
    """Reads the lists, and keeps them in memory for a moment. Holds only what is public."""

    def __init__(
        self,
        *,
        search: ports.Search,
        listings: ports.Listings,
        collections: ports.Collections,
        analytics: ports.Analytics,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._search = search
        self._listings = listings
        self._collections = collections
        self._analytics = analytics
        self._fresh: Kept[Fresh] = Kept(FRESH_S, monotonic_s)
        self._popular: Kept[Popular] = Kept(POPULAR_S, monotonic_s)
        self._categories: Kept[Category] = Kept(FRESH_S, monotonic_s)
        self._titles: Kept[str] = Kept(FRESH_S, monotonic_s)

    async def fresh(self, uow: UnitOfWork) -> Fresh:
        """What is new, featured and curated, and how much there is of each kind and category."""
        return await self._fresh.get("", lambda: self._read_fresh(uow))

    async def popular(self, uow: UnitOfWork) -> Popular:
        """What is wanted now, and what was downloaded most."""
        return await self._popular.get("", lambda: self._read_popular(uow))

    async def category(self, uow: UnitOfWork, name: str) -> Category:
        """A category's page; an unknown one is empty."""
        return await self._categories.get(name, lambda: self._read_category(uow, name))

    async def titles(self, uow: UnitOfWork, addresses: Sequence[str]) -> dict[str, str]:
        """What the public works at these addresses are called; others are left out."""
        found = {}
        for address in addresses:
            found[address] = await self._titles.get(
                address, partial(self._read_title, uow, address)
            )
        return {address: title for address, title in found.items() if title}

    async def _read_title(self, uow: UnitOfWork, address: str) -> str:
        owner, _, slug = address.partition("/")
        try:
            listing = await self._listings.by_address(uow, owner, slug)
        except NotFound:
            return ""
        return listing.title if listing.state == "published" and not listing.hidden else ""

    async def _read_fresh(self, uow: UnitOfWork) -> Fresh:
        newest = await self._ask(SearchQuestion(sort=Sort.NEWEST, limit=NEWEST))
        shelves = await self._collections.public(uow, limit=SHELVES)
        return Fresh(
            newest=_listings(newest),
            featured=await self._collections.featured(uow, limit=FEATURED),
            shelves=[one for one in shelves.items if one.preview],
            kind_counts=_counts(newest, "kind"),
            categories=list(_counts(newest, "category").items())[:CATEGORIES],
            total=newest.total if newest else 0,
            index_ready=newest is not None,
        )

    async def _read_popular(self, uow: UnitOfWork) -> Popular:
        popular = await self._ask(SearchQuestion(sort=Sort.DOWNLOADS, limit=ROW))
        return Popular(
            trending=await self._trending(uow, limit=ROW),
            popular=[one for one in _listings(popular) if one.downloads],
        )

    async def _read_category(self, uow: UnitOfWork, name: str) -> Category:
        filters = Filters(categories=(name,))
        newest = await self._ask(SearchQuestion(filters=filters, sort=Sort.NEWEST, limit=NEWEST))
        popular = await self._ask(SearchQuestion(filters=filters, sort=Sort.DOWNLOADS, limit=ROW))
        return Category(
            newest=_listings(newest),
            trending=await self._trending(uow, category=name, limit=ROW),
            popular=[one for one in _listings(popular) if one.downloads],
            kind_counts=_counts(newest, "kind"),
            total=newest.total if newest else 0,
            index_ready=newest is not None,
        )

    async def _trending(
        self, uow: UnitOfWork, *, limit: int, category: str | None = None
    ) -> list[ListingSummary]:
        trends = await self._analytics.trending(uow, category=category, limit=3 * limit)
        found = await self._listings.summaries(uow, [one.listing_id for one in trends])
        wanted = [found[one.listing_id] for one in trends if one.listing_id in found]
        return [one for one in wanted if one.state == "published"][:limit]

    async def _ask(self, question: SearchQuestion) -> SearchAnswer | None:
        """None while the index is still being built: the page stands all the same."""
        try:
            return await self._search.search(question)
        except Unavailable:
            return None


class Kept(Generic[T]):
    """Values by name that are read again when they are too old; by one reader at a time."""

    def __init__(self, for_s: float, monotonic_s: Callable[[], float]) -> None:
        self._for_s = for_s
        self._monotonic_s = monotonic_s
        self._values: OrderedDict[str, tuple[float, T]] = OrderedDict()
        self._lock = asyncio.Lock()

    async def get(self, name: str, read: Callable[[], Awaitable[T]]) -> T:
        """The value of this name. While one reads it anew, the others get the old one."""
        known = self._values.get(name)
        if known is not None and (known[0] > self._monotonic_s() or self._lock.locked()):
            return known[1]
        async with self._lock:
            known = self._values.get(name)
            if known is not None and known[0] > self._monotonic_s():
                return known[1]
            value = await read()
            self._values[name] = (self._monotonic_s() + self._for_s, value)
            self._values.move_to_end(name)
            while len(self._values) > _KEPT:
                self._values.popitem(last=False)
            return value


def _listings(answer: SearchAnswer | None) -> list[ListingSummary]:
    return [hit.listing for hit in answer.items] if answer else []


def _counts(answer: SearchAnswer | None, facet: str) -> dict[str, int]:
    found: Sequence[tuple[str, int]] = [
        (value.value, value.count)
        for one in (answer.facets if answer else ())
        if one.name == facet
        for value in one.values
    ]
    return dict(found)
