"""Answers a request from one snapshot: words, meaning, filters, facets, sort and page."""

from typing import Final

import tantivy
from tantivy import Occur, Order, Query

from souk.discovery.search.engine.cache import SnapshotCache
from souk.discovery.search.engine.counting import FacetCounts, count
from souk.discovery.search.engine.errors import TooDeep
from souk.discovery.search.engine.filters import key_beyond
from souk.discovery.search.engine.fusion import Ranked, fuse
from souk.discovery.search.engine.matching import RANKED_WORDS, Addresses, Matching
from souk.discovery.search.engine.neighbours import Vector
from souk.discovery.search.engine.plan import Plan
from souk.discovery.search.engine.reader import Snapshot
from souk.discovery.search.engine.schema import SORT_FIELDS
from souk.discovery.search.model import After, Filters, Hit, SearchRequest, SearchResult, Sort

DEEPEST: Final = 1_000
"""How many listings an answer by relevance goes down to."""
_COUNTS_KEPT: Final = 512

Counted = tuple[int, FacetCounts]
CountKey = tuple[Plan, bytes | None, Filters]
"""What is looked for, by words and by meaning, and the filters."""


class Searching:
    """Runs requests. Thread-safe."""

    def __init__(self, *, own_currency: str) -> None:
        self._own_currency = own_currency
        self._counts: SnapshotCache[CountKey, Counted] = SnapshotCache(_COUNTS_KEPT)

    def search(
        self, snapshot: Snapshot, request: SearchRequest, plan: Plan, vector: Vector | None
    ) -> SearchResult:
        """One page. `vector` is the meaning of `plan.meaning`; None searches by words alone."""
        matching = Matching(snapshot, plan, vector, own_currency=self._own_currency)
        meaning = None if vector is None else vector.tobytes()
        total, facets = self._count(snapshot, matching, (plan, meaning, request.filters))
        question = _Question(snapshot, request, plan, matching)
        hits, after = question.page()
        deep = question.sort is Sort.RELEVANCE and total > DEEPEST
        return SearchResult(
            hits=hits,
            total=total,
            facets=facets,
            mended=plan.mended,
            next_after=after,
            ends_after=DEEPEST if deep else None,
        )

    def _count(self, snapshot: Snapshot, matching: Matching, key: CountKey) -> Counted:
        """Total and facets: the same on every page, in every order."""
        known = self._counts.get(snapshot.version, key)
        if known is None:
            known = count(snapshot, matching, key[2], own_currency=self._own_currency)
            self._counts.put(snapshot.version, key, known)
        return known


class _Question:
    """One request against one snapshot."""

    def __init__(
        self, snapshot: Snapshot, request: SearchRequest, plan: Plan, matching: Matching
    ) -> None:
        self._searcher = snapshot.searcher
        self._schema = snapshot.schema
        self._request = request
        self._plan = plan
        self._matching = matching
        self._matched = matching.under(request.filters)
        ranked = plan.wants_something or request.sort is not Sort.RELEVANCE
        self.sort = request.sort if ranked else Sort.NEWEST

    def page(self) -> tuple[list[Hit], After | None]:
        """The hits in the order asked for, and where the next page starts."""
        if self.sort is Sort.RELEVANCE:
            return self._by_relevance()
        return self._by_field(self.sort)

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
        start = 0 if after is None else after.key
        if start >= DEEPEST:
            raise TooDeep(f"an answer by relevance ends after {DEEPEST} listings")
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
