"""What one question matches in one snapshot, under any filters: by words, by meaning, or both.

By words, a match holds every word of the question. When fewer than ENOUGH listings do, as with a
long question, the best RANKED_WORDS that hold any of its words match instead.
"""

from typing import Final

import msgspec
import tantivy
from tantivy import Occur, Query

from souk.discovery.search.engine.filters import filter_parts
from souk.discovery.search.engine.fusion import Scored
from souk.discovery.search.engine.neighbours import (
    Neighbour,
    Neighbourhood,
    Parts,
    Vector,
    numbers_query,
    rows_query,
)
from souk.discovery.search.engine.plan import Plan, any_word, every_word, strict_parts
from souk.discovery.search.engine.reader import Snapshot
from souk.discovery.search.model import Filters

ENOUGH: Final = 20
RANKED_WORDS: Final = 200
"""How many listings found by words are ranked together with those found by meaning."""

Addresses = dict[int, tantivy.DocAddress]


class Matched(msgspec.Struct, frozen=True, kw_only=True):
    """The matches under certain filters."""

    query: Query
    """All of them."""
    near: list[Neighbour]
    parts: Parts
    """The filters as queries."""
    by_words: list[Scored] | None
    """Those found by words, when only the best ones match; None when all that hold them do."""
    addresses: Addresses
    """Where the listings of `near` and `by_words` are."""


class Matching:
    """Finds the matches of one question."""

    def __init__(
        self, snapshot: Snapshot, plan: Plan, vector: Vector | None, *, own_currency: str
    ) -> None:
        self._searcher = snapshot.searcher
        self._under: dict[Filters, Matched] = {}
        self._schema = snapshot.schema
        self._plan = plan
        self._own_currency = own_currency
        self._strict = strict_parts(plan, snapshot.schema)
        self._around = (
            None if vector is None else Neighbourhood(snapshot, vector, own_currency=own_currency)
        )
        self._every_word = every_word(plan, snapshot.schema)
        # Decided without filters, so that a facet counts what choosing its value will give.
        self._best_only = len(plan.terms) > 1 and self._count(self._every_word) < ENOUGH

    def under(self, filters: Filters) -> Matched:
        """The matches that pass the filters; worked out once."""
        known = self._under.get(filters)
        if known is None:
            known = self._under[filters] = self._matches(filters)
        return known

    def _matches(self, filters: Filters) -> Matched:
        parts = filter_parts(filters, self._schema, own_currency=self._own_currency)
        near = (
            []
            if self._around is None
            else self._around.under(filters, parts=parts, strict=self._strict)
        )
        addresses = {one.seq: one.address for one in near}
        if self._best_only:
            by_words, places = self.ranked(any_word(self._plan, self._schema), parts, RANKED_WORDS)
            addresses |= places
            query = numbers_query(self._schema, "seq", addresses)
        else:
            by_words = None
            query = Query.boolean_query([(Occur.Must, self._found(near)), *parts])
        return Matched(query=query, near=near, parts=parts, by_words=by_words, addresses=addresses)

    def ranked_words(self, matched: Matched, limit: int) -> tuple[list[Scored], Addresses]:
        """The best matches by words, with their scores."""
        if matched.by_words is not None:
            return matched.by_words, matched.addresses
        if not (self._plan.terms or self._plan.phrases):
            return [], {}
        return self.ranked(self._every_word, matched.parts, limit)

    def ranked(self, query: Query, parts: Parts, limit: int) -> tuple[list[Scored], Addresses]:
        """The best of a query under filters, by BM25."""
        filtered = Query.boolean_query([(Occur.Must, query), *parts]) if parts else query
        found = self._searcher.search(filtered, limit, count=False).hits
        places = [address for _, address in found]
        seqs = [int(seq or 0) for seq in self._searcher.fast_field_values("seq", places)]
        scored = [(seq, float(score)) for seq, (score, _) in zip(seqs, found, strict=True)]
        return scored, dict(zip(seqs, places, strict=True))

    def _found(self, near: list[Neighbour]) -> Query:
        """All matches without filters."""
        if not self._plan.wants_something:
            return Query.boolean_query([(Occur.Must, Query.all_query()), *self._strict])
        ways: Parts = []
        if self._plan.terms or self._plan.phrases:
            ways.append((Occur.Should, self._every_word))
        if near:
            ways.append((Occur.Should, rows_query(self._schema, [one.row for one in near])))
        return Query.boolean_query(ways) if ways else Query.empty_query()

    def _count(self, query: Query) -> int:
        counted = self._searcher.aggregate(query, {"total": {"value_count": {"field": "seq"}}})
        return int(counted["total"]["value"])
