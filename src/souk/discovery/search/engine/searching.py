"""Answers a request from one snapshot: words, meaning, filters, facets, sort and page."""

from collections import OrderedDict
from threading import Lock
from typing import Any, Final

import tantivy
from tantivy import Occur, Order, Query

from souk.discovery.search.engine.filters import LIFTED, filter_parts, key_beyond
from souk.discovery.search.engine.fusion import Ranked, Scored, fuse
from souk.discovery.search.engine.neighbours import (
    Neighbour,
    Neighbourhood,
    Parts,
    Vector,
    rows_query,
)
from souk.discovery.search.engine.plan import Plan, lexical_query, strict_parts
from souk.discovery.search.engine.reader import Snapshot
from souk.discovery.search.engine.schema import FACETS, SORT_FIELDS
from souk.discovery.search.model import (
    After,
    FacetCount,
    Filters,
    Hit,
    SearchRequest,
    SearchResult,
    Sort,
)

RANKED_WORDS: Final = 200
DEEPEST: Final = 1_000
"""How many listings an answer by relevance goes down to."""
_FACET_VALUES: Final = 30
_ALL_VALUES: Final = 65_000
_BROWSE_CACHE: Final = 256

FacetCounts = dict[str, list[FacetCount]]
Addresses = dict[int, tantivy.DocAddress]


class Searching:
    """Runs requests. Thread-safe."""

    def __init__(self, *, own_currency: str) -> None:
        self.own_currency = own_currency
        self._browsed: OrderedDict[tuple[int, Filters], tuple[int, FacetCounts]] = OrderedDict()
        self._lock = Lock()

    def search(
        self, snapshot: Snapshot, request: SearchRequest, plan: Plan, vector: Vector | None
    ) -> SearchResult:
        """One page. `vector` is the meaning of `plan.meaning`; None searches by words alone."""
        return _Question(self, snapshot, request, plan, vector).answer()

    def filter_parts(self, snapshot: Snapshot, filters: Filters) -> Parts:
        """The filters as queries."""
        return filter_parts(filters, snapshot.schema, own_currency=self.own_currency)

    def browse_counts(
        self, snapshot: Snapshot, filters: Filters, question: "_Question"
    ) -> tuple[int, FacetCounts]:
        """Total and facets of everything under these filters: the same for all who browse."""
        key = (snapshot.version, filters)
        with self._lock:
            known = self._browsed.get(key)
        if known is None:
            known = question.count()
            with self._lock:
                self._browsed[key] = known
                while len(self._browsed) > _BROWSE_CACHE:
                    self._browsed.popitem(last=False)
        return known


class _Question:
    """One request against one snapshot."""

    def __init__(
        self,
        searching: Searching,
        snapshot: Snapshot,
        request: SearchRequest,
        plan: Plan,
        vector: Vector | None,
    ) -> None:
        self._searching = searching
        self._snapshot = snapshot
        self._searcher = snapshot.searcher
        self._schema = snapshot.schema
        self._request = request
        self._plan = plan
        self._around = (
            None
            if vector is None
            else Neighbourhood(snapshot, vector, own_currency=searching.own_currency)
        )
        self._filters = searching.filter_parts(snapshot, request.filters)
        self._words = lexical_query(plan, snapshot.schema)
        self._strict = strict_parts(plan, snapshot.schema)
        self._near = self._nearest(request.filters, self._filters)

    def answer(self) -> SearchResult:
        """The page with its total and facets."""
        if self._plan.is_empty:
            total, facets = self._searching.browse_counts(
                self._snapshot, self._request.filters, self
            )
        else:
            total, facets = self.count()
        sort = self._request.sort
        if sort is Sort.RELEVANCE and not self._plan.wants_something:
            sort = Sort.NEWEST
        hits, after = self._by_relevance() if sort is Sort.RELEVANCE else self._by_field(sort)
        return SearchResult(
            hits=hits,
            total=total,
            facets=facets,
            did_you_mean=self._plan.did_you_mean,
            next_after=after,
        )

    def count(self) -> tuple[int, FacetCounts]:
        """The exact number of matches, and of those with each value of each facet."""
        lifted = {
            name: lift(self._request.filters)
            for name, lift in LIFTED.items()
            if lift(self._request.filters) != self._request.filters
        }
        asked: dict[str, Any] = {name: _terms(name) for name in FACETS if name not in lifted}
        asked["total"] = {"value_count": {"field": "seq"}}
        counted = self._searcher.aggregate(self._matches(self._filters, self._near), asked)
        total = int(counted.pop("total")["value"])
        for name, filters in lifted.items():
            parts = self._searching.filter_parts(self._snapshot, filters)
            matches = self._matches(parts, self._nearest(filters, parts))
            counted |= self._searcher.aggregate(matches, {name: _terms(name)})
        return total, {name: _values(counted[name]) for name in FACETS}

    def _nearest(self, filters: Filters, parts: Parts) -> list[Neighbour]:
        if self._around is None:
            return []
        return self._around.under(filters, parts=parts, strict=self._strict)

    def _matches(self, filters: Parts, near: list[Neighbour]) -> Query:
        """Everything found by words or by meaning, under these filters."""
        if not self._plan.wants_something:
            return Query.boolean_query([(Occur.Must, Query.all_query()), *self._strict, *filters])
        found: Query = self._words
        if near:
            rows = rows_query(self._schema, [one.row for one in near])
            found = Query.boolean_query([(Occur.Should, found), (Occur.Should, rows)])
        return Query.boolean_query([(Occur.Must, found), *filters])

    def _by_field(self, sort: Sort) -> tuple[list[Hit], After | None]:
        field, ascending = SORT_FIELDS[sort]
        query = self._matches(self._filters, self._near)
        after = self._request.after
        if after is not None:
            beyond = key_beyond(self._schema, field, after.key, ascending=ascending)
            query = Query.boolean_query([(Occur.Must, query), beyond])
        limit = self._request.limit
        found = self._searcher.search(
            query,
            limit + 1,
            count=False,
            order_by_field=field,
            order=Order.Asc if ascending else Order.Desc,
        ).hits
        addresses = [address for _, address in found[:limit]]
        seqs = self._searcher.fast_field_values("seq", addresses)
        hits = [
            self._hit(Ranked(int(seq or 0), 0.0, ()), address)
            for seq, address in zip(seqs, addresses, strict=True)
        ]
        if len(found) <= limit:
            return hits, None
        return hits, After(seq=hits[-1].seq, key=int(found[limit - 1][0]))

    def _by_relevance(self) -> tuple[list[Hit], After | None]:
        start, ranked, addresses = self._ranking()
        shown = ranked[start : start + self._request.limit]
        hits = [self._hit(one, addresses[one.seq]) for one in shown]
        stop = start + len(shown)
        if not shown or stop >= min(len(ranked), DEEPEST):
            return hits, None
        return hits, After(seq=shown[-1].seq, key=stop)

    def _ranking(self) -> tuple[int, list[Ranked], Addresses]:
        """Where the page starts, the ranking as far as needed, and where its listings are."""
        after = self._request.after
        start = 0 if after is None else min(after.key, DEEPEST)
        deep = start + self._request.limit >= RANKED_WORDS
        by_words, addresses = self._ranked_words(DEEPEST + 1 if deep else RANKED_WORDS + 1)
        by_meaning = [(one.seq, one.cosine) for one in self._near]
        addresses |= {one.seq: one.address for one in self._near}
        ranked = fuse(by_words[:RANKED_WORDS], by_meaning, words_asked=len(self._plan.terms))
        known = {one.seq for one in ranked}
        ranked += [
            Ranked(seq, 0.0, ("text",)) for seq, _ in by_words[RANKED_WORDS:] if seq not in known
        ]
        if after is not None:
            # The ranking may have moved since: go on after the listing that was shown last.
            places = (place for place, one in enumerate(ranked, start=1) if one.seq == after.seq)
            start = next(places, start)
        return start, ranked, addresses

    def _ranked_words(self, limit: int) -> tuple[list[Scored], Addresses]:
        query = Query.boolean_query([(Occur.Must, self._words), *self._filters])
        found = self._searcher.search(query, limit, count=False).hits
        places = [address for _, address in found]
        seqs = [int(seq or 0) for seq in self._searcher.fast_field_values("seq", places)]
        scored = [(seq, float(score)) for seq, (score, _) in zip(seqs, found, strict=True)]
        return scored, dict(zip(seqs, places, strict=True))

    def _hit(self, ranked: Ranked, address: tantivy.DocAddress) -> Hit:
        payload = self._searcher.doc(address).get_first("payload")
        return Hit(
            seq=ranked.seq,
            payload=bytes(payload or b""),
            score=ranked.score,
            matched=ranked.matched,
        )


def _terms(field: str) -> dict[str, Any]:
    return {"terms": {"field": field, "size": _FACET_VALUES, "segment_size": _ALL_VALUES}}


def _values(counted: dict[str, Any]) -> list[FacetCount]:
    values = [FacetCount(bucket["key"], bucket["doc_count"]) for bucket in counted["buckets"]]
    return sorted(values, key=lambda one: (-one.count, one.value))
