"""Answers people's searches from this process's view of the index."""

import time
import zlib
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypeVar

import msgspec

from souk.discovery.search import store
from souk.discovery.search.api import NearListing, SearchQuestion
from souk.discovery.search.embedding.shared import SharedEmbedder
from souk.discovery.search.engine.engine import SearchEngine
from souk.discovery.search.engine.errors import IndexMissing
from souk.discovery.search.errors import SearchNotReady
from souk.discovery.search.executor import SearchExecutor
from souk.discovery.search.model import (
    After,
    Completion,
    Filters,
    SearchRequest,
    SearchResult,
)
from souk.discovery.search.nearness import nearest_listings
from souk.discovery.search.settings import SearchSettings
from souk.infra.postgres.uow import UnitOfWork
from souk.infra.telemetry.metrics import SEARCH_SECONDS
from souk.kernel.errors import Invalid
from souk.kernel.money import currency
from souk.kernel.paging import decode_cursor, encode_cursor
from souk_client.contracts.discovery import (
    Facet,
    FacetValue,
    SearchAnswer,
    SearchHit,
    Suggestion,
    Suggestions,
)
from souk_client.contracts.works import ListingSummary

R = TypeVar("R")


class SearchService:
    """Searches the index under `root` in a few threads of its own."""

    def __init__(self, *, root: Path, settings: SearchSettings, embedder: SharedEmbedder) -> None:
        self._engine = SearchEngine(root, own_currency=settings.currency, is_word=embedder.knows)
        self._executor = SearchExecutor(
            threads=settings.threads, queue_length=settings.queue_length
        )
        self._embedder = embedder

    async def open(self) -> None:
        """Loads the embedding model, so that the first search need not wait for it."""
        await self._executor.run(self._embedder.get)

    async def search(self, question: SearchQuestion) -> SearchAnswer:
        """See `api.Search.search`."""
        started = time.perf_counter()
        filters = _normal(question.filters)
        mark = _mark(question, filters)
        request = SearchRequest(
            text=question.text,
            filters=filters,
            sort=question.sort,
            limit=question.limit,
            after=_read_cursor(question.cursor, mark),
        )
        found = await self._run(lambda: self._search(request))
        took_s = time.perf_counter() - started
        SEARCH_SECONDS.observe(took_s)
        after = found.next_after
        return SearchAnswer(
            items=[
                SearchHit(
                    listing=msgspec.json.decode(hit.payload, type=ListingSummary),
                    score=round(hit.score, 4),
                    matched=list(hit.matched),
                )
                for hit in found.hits
            ],
            total=found.total,
            facets=[
                Facet(
                    name=name,
                    values=[FacetValue(value=one.value, count=one.count) for one in counts],
                )
                for name, counts in found.facets.items()
            ],
            did_you_mean=_mended(question.text, found.mended),
            next_cursor=None if after is None else encode_cursor([mark, after.seq, after.key]),
            took_ms=round(took_s * 1000, 2),
        )

    async def suggest(self, typed: str, *, limit: int = 8) -> Suggestions:
        """See `api.Search.suggest`."""
        found = await self._run(
            lambda: self._engine.suggest(self._engine.snapshot(), typed, limit=limit)
        )
        return Suggestions(items=[_suggestion(one) for one in found])

    async def near(
        self, uow: UnitOfWork, listing_ids: Collection[str], *, limit: int = 20
    ) -> list[NearListing]:
        """See `api.Search.near`."""
        without = frozenset(listing_ids)
        async with uow.as_system():  # vectors are the system's; what they lead to is public
            vectors = await store.vectors_of(uow, without)
        if not vectors:
            return []
        return await self._run(
            lambda: nearest_listings(self._engine.snapshot(), vectors, without=without, limit=limit)
        )

    def close(self) -> None:
        """Waits for running searches."""
        self._executor.close()

    def _search(self, request: SearchRequest) -> SearchResult:
        snapshot = self._engine.snapshot()
        plan = self._engine.plan(snapshot, request.text)
        embedder = self._embedder.get()
        vector = embedder.query(plan.meaning) if embedder is not None and plan.meaning else None
        return self._engine.search(snapshot, request, plan=plan, vector=vector)

    async def _run(self, work: Callable[[], R]) -> R:
        try:
            return await self._executor.run(work)
        except IndexMissing as error:
            raise SearchNotReady from error


def _normal(filters: Filters) -> Filters:
    """The filters with currencies by their present names."""
    low, high = filters.price_min_minor, filters.price_max_minor
    if low is not None and high is not None and low > high:
        raise Invalid(
            "price_range_invalid", f"price_min_minor {low} is above price_max_minor {high}."
        )
    if filters.currency is None:
        return filters
    return msgspec.structs.replace(filters, currency=currency(filters.currency).code)


def _mark(question: SearchQuestion, filters: Filters) -> int:
    """Tells the cursors of different questions apart."""
    return zlib.crc32(msgspec.json.encode([question.text, filters, question.sort]))


def _read_cursor(cursor: str | None, mark: int) -> After | None:
    key = decode_cursor(cursor, size=3)
    if key is None:
        return None
    given, seq, place = key
    if given != mark:
        raise Invalid("cursor_invalid", "This cursor belongs to another search.")
    # A key must fit the index's unsigned numbers.
    if not (isinstance(seq, int) and isinstance(place, int) and 0 <= place < 2**64):
        raise Invalid("cursor_invalid", "Pass next_cursor exactly as a page gave it.")
    return After(seq=seq, key=place)


def _mended(text: str, mended: tuple[tuple[str, str], ...]) -> str | None:
    words = dict(mended)
    return " ".join(words.get(word.lower(), word) for word in text.split()) if words else None


def _suggestion(found: Completion) -> Suggestion:
    if found.payload is None:
        return Suggestion(text=found.text)
    listing = msgspec.json.decode(found.payload, type=ListingSummary)
    return Suggestion(text=listing.title, address=listing.address, kind=listing.kind)
