"""Answers a request from one snapshot: words, meaning, filters, facets, sort and page."""

from collections import OrderedDict
from threading import Lock
from typing import Any, Final

import tantivy
from tantivy import Occur, Order, Query

from souk.discovery.search.engine.filters import LIFTED, key_beyond
from souk.discovery.search.engine.fusion import Ranked, fuse
from souk.discovery.search.engine.matching import RANKED_WORDS, Addresses, Matching
from souk.discovery.search.engine.neighbours import Vector
from souk.discovery.search.engine.plan import Plan
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

DEEPEST: Final = 1_000
"""How many listings an answer by relevance goes down to."""
_FACET_VALUES: Final = 30
_ALL_VALUES: Final = 65_000
_BROWSE_CACHE: Final = 256

FacetCounts = dict[str, list[FacetCount]]
Counted = tuple[int, FacetCounts]


class Searching:
    """Runs requests. Thread-safe."""

    def __init__(self, *, own_currency: str) -> None:
        self._own_currency = own_currency
        self._browsed: OrderedDict[tuple[int, Filters], Counted] = OrderedDict()
        self._lock = Lock()

    def search(
        self, snapshot: Snapshot, request: SearchRequest, plan: Plan, vector: Vector | None
    ) -> SearchResult:
        """One page. `vector` is the meaning of `plan.meaning`; None searches by words alone."""
        matching = Matching(snapshot, plan, vector, own_currency=self._own_currency)
        question = _Question(snapshot, request, plan, matching)
        total, facets = self._browse(question) if plan.is_empty else question.count()
        hits, after = question.page()
        return SearchResult(
            hits=hits,
            total=total,
            facets=facets,
            mended=plan.mended,
            next_after=after,
        )

    def _browse(self, question: "_Question") -> Counted:
        """Total and facets of everything under some filters: the same for all who browse."""
        key = (question.version, question.filters)
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
        self, snapshot: Snapshot, request: SearchRequest, plan: Plan, matching: Matching
    ) -> None:
        self.version = snapshot.version
        self.filters = request.filters
        self._searcher = snapshot.searcher
        self._schema = snapshot.schema
        self._request = request
        self._plan = plan
        self._matching = matching
        self._matched = matching.under(request.filters)

    def count(self) -> Counted:
        """The exact number of matches, and of those with each value of each facet."""
        lifted = {
            name: lift(self.filters)
            for name, lift in LIFTED.items()
            if lift(self.filters) != self.filters
        }
        asked: dict[str, Any] = {name: _terms(name) for name in FACETS if name not in lifted}
        asked["total"] = {"value_count": {"field": "seq"}}
        counted = self._searcher.aggregate(self._matched.query, asked)
        total = int(counted.pop("total")["value"])
        for name, filters in lifted.items():
            matched = self._matching.under(filters)
            counted |= self._searcher.aggregate(matched.query, {name: _terms(name)})
        return total, {name: _values(counted[name]) for name in FACETS}

    def page(self) -> tuple[list[Hit], After | None]:
        """The hits in the order asked for, and where the next page starts."""
        sort = self._request.sort
        if sort is Sort.RELEVANCE and not self._plan.wants_something:
            sort = Sort.NEWEST
        return self._by_relevance() if sort is Sort.RELEVANCE else self._by_field(sort)

    def _by_field(self, sort: Sort) -> tuple[list[Hit], After | None]:
        field, ascending = SORT_FIELDS[sort]
        query = self._matched.query
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
        limit = DEEPEST + 1 if deep else RANKED_WORDS + 1
        by_words, addresses = self._matching.ranked_words(self._matched, limit)
        by_meaning = [(one.seq, one.cosine) for one in self._matched.near]
        ranked = fuse(by_words[:RANKED_WORDS], by_meaning, words_asked=len(self._plan.terms))
        known = {one.seq for one in ranked}
        ranked += [
            Ranked(seq, 0.0, ("text",)) for seq, _ in by_words[RANKED_WORDS:] if seq not in known
        ]
        if after is not None:
            # The ranking may have moved since: go on after the listing that was shown last.
            places = (place for place, one in enumerate(ranked, start=1) if one.seq == after.seq)
            start = next(places, start)
        return start, ranked, self._matched.addresses | addresses

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
