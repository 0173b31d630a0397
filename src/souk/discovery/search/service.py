"""Answers people's searches from this process's view of the index."""

import time
import zlib
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from souk.discovery.search import answering, store
from souk.discovery.search.api import NearListing, SearchQuestion
from souk.discovery.search.embedding.shared import SharedEmbedder
from souk.discovery.search.engine.engine import SearchEngine
from souk.discovery.search.engine.errors import IndexMissing, TooDeep
from souk.discovery.search.engine.holding import Asked
from souk.discovery.search.engine.neighbours import Vector
from souk.discovery.search.errors import QueryInvalid, SearchNotReady
from souk.discovery.search.executor import SearchExecutor
from souk.discovery.search.model import After, Filters, SearchRequest, SearchResult
from souk.discovery.search.nearness import nearest_listings
from souk.discovery.search.query.fields import CURRENCY, PRICE
from souk.discovery.search.query.gathering import joined
from souk.discovery.search.query.limits import checked
from souk.discovery.search.query.reader import Query, check_characters, read_query
from souk.discovery.search.settings import SearchSettings
from souk.infra.postgres.uow import UnitOfWork
from souk.infra.telemetry.metrics import SEARCH_SECONDS
from souk.kernel.errors import Invalid, Malformed
from souk.kernel.paging import decode_cursor, encode_cursor
from souk_client.contracts.discovery import SearchAnswer, Suggestions

R = TypeVar("R")


class SearchService:
    """Searches the index under `root` in a few threads of its own."""

    def __init__(self, *, root: Path, settings: SearchSettings, embedder: SharedEmbedder) -> None:
        self._engine = SearchEngine(
            root,
            own_currency=settings.currency,
            cached_results=settings.cached_results,
            is_word=embedder.knows,
        )
        self._currency = settings.currency
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
        query, request, mark = self._read(question)
        found = self._known(request)
        if found is None:
            found = await self._run(lambda: self._engine.answer(request, embed=self._embed))
        took_s = time.perf_counter() - started
        SEARCH_SECONDS.observe(took_s)
        after = found.next_after
        currency_code = request.filters.currency or self._currency
        return SearchAnswer(
            items=[answering.hit(one) for one in found.hits],
            total=found.total,
            facets=[
                answering.facet(name, counts, currency=currency_code)
                for name, counts in found.facets.items()
            ],
            text=query.text,
            parsed=[answering.parsed(part) for part in query.parts],
            did_you_mean=answering.mended(question.text, query, dict(found.mended)),
            next_cursor=None if after is None else encode_cursor([mark, after.seq, after.key]),
            ends_after=found.ends_after,
            took_ms=round(took_s * 1000, 2),
        )

    def _read(self, question: SearchQuestion) -> tuple[Query, SearchRequest, int]:
        """What the question asks of the index, and the mark of its cursors."""
        chosen = checked(question.filters)
        query = read_query(question.text, currency=chosen.currency or self._currency)
        _check_one_currency(query, chosen)
        filters = joined(query.filters, chosen)
        mark = zlib.crc32(msgspec.json.encode([query.text, filters, question.sort]))
        request = SearchRequest(
            text=query.text,
            filters=filters,
            sort=question.sort,
            limit=question.limit,
            after=_read_cursor(question.cursor, mark),
        )
        return query, request, mark

    def _known(self, request: SearchRequest) -> SearchResult | None:
        try:
            return self._engine.known(request)
        except IndexMissing as error:
            raise SearchNotReady from error

    async def held_against(
        self, questions: Sequence[SearchQuestion], *, within: Filters
    ) -> list[list[str] | None]:
        """See `api.Search.held_against`."""
        asked = [self._asked(question) for question in questions]
        readable = [one for one in asked if one is not None]
        held = await self._run(lambda: self._engine.hold(within, readable))
        ids = {seq: answering.listing_id(payload) for seq, payload in held.payloads.items()}
        matched = iter(held.matched)
        return [None if one is None else [ids[seq] for seq in next(matched)] for one in asked]

    def _asked(self, question: SearchQuestion) -> Asked | None:
        try:
            query, request, _ = self._read(question)
        except (Invalid, Malformed):
            return None
        return Asked(query.text, request.filters)

    async def suggest(self, typed: str, *, limit: int = 8) -> Suggestions:
        """See `api.Search.suggest`."""
        check_characters(typed)
        found = await self._run(
            lambda: self._engine.suggest(self._engine.snapshot(), typed, limit=limit)
        )
        return Suggestions(items=[answering.suggestion(one) for one in found])

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

    def _embed(self, text: str) -> Vector | None:
        embedder = self._embedder.get()
        return None if embedder is None else embedder.query(text)

    async def _run(self, work: Callable[[], R]) -> R:
        try:
            return await self._executor.run(work)
        except IndexMissing as error:
            raise SearchNotReady from error
        except TooDeep as error:
            raise Invalid(
                "page_too_deep",
                "An answer by relevance ends here; narrow the search, or choose another order.",
            ) from error


def _check_one_currency(query: Query, chosen: Filters) -> None:
    """Raises QueryInvalid when the query's currency is not that of the bounds beside it."""
    asked = query.filters.currency
    bounded = chosen.price_min_minor is not None or chosen.price_max_minor is not None
    if asked is None or asked == chosen.currency or (chosen.currency is None and not bounded):
        return
    part = next(one for one in query.parts if one.field in (PRICE, CURRENCY))
    raise QueryInvalid(
        f"The query asks for {asked}, but another currency is chosen beside it; drop one of them.",
        position=part.start,
        length=part.end - part.start,
    )


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
