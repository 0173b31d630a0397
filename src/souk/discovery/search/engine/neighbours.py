"""The listings nearest in meaning, under filters, found in the least costly way."""

from collections.abc import Iterable
from functools import cached_property
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import tantivy
from tantivy import Occur, Query

from souk.discovery.search.engine.facts import Passing
from souk.discovery.search.engine.reader import Snapshot
from souk.discovery.search.engine.sketches import Distances, best_of
from souk.discovery.search.engine.vectors import SKETCHED_FROM, Rows, Similarities
from souk.discovery.search.model import Filters

FLOOR: Final = 0.35
"""The least cosine at which a listing counts as near in meaning. On Cranfield six in seven of all
pairs of a question and a document lie below it, four in five of those that belong together above.
"""
NEIGHBOURS: Final = 100
"""How many listings match by meaning alone."""
LOOKED_AT: Final = 256
"""The nearest rows that are looked at first, whatever the filters: so all facets count over the
same ones, and one walk through the graph serves them all."""
_FEW: Final = 16
"""When filters leave fewer of those, the nearest that pass are looked for by themselves."""
_SPARE: Final = 1.2
"""How many more are looked at than wanted: some rows are outdated."""

Parts = list[tuple[Occur, Query]]
Vector = npt.NDArray[np.float32]


class Neighbour(msgspec.Struct, frozen=True):
    """A listing near in meaning."""

    seq: int
    row: int
    cosine: float
    address: tantivy.DocAddress


class Neighbourhood:
    """What is near one vector in one snapshot."""

    def __init__(self, snapshot: Snapshot, vector: Vector, *, own_currency: str) -> None:
        self._snapshot = snapshot
        self._vector = vector
        self._own_currency = own_currency
        self._passing = Passing(snapshot.vectors.fact, own_currency=own_currency)

    def under(self, filters: Filters, *, parts: Parts, strict: Parts) -> list[Neighbour]:
        """At most NEIGHBOURS listings that pass, best first; the narrowest filters go first.

        Args:
            parts: the filters as queries.
            strict: what every match must hold or lack besides.
        """
        rows, cosines = self._candidates(filters, filtered=bool(parts))
        near = cosines >= FLOOR
        most = int(_SPARE * NEIGHBOURS)
        by_row = dict(zip(rows[near][:most].tolist(), cosines[near][:most].tolist(), strict=True))
        return self._resolve(by_row, [*strict, *parts])[:NEIGHBOURS] if by_row else []

    def _resolve(self, by_row: dict[int, float], parts: Parts) -> list[Neighbour]:
        """Where these listings are, without those that have changed or gone since."""
        searcher = self._snapshot.searcher
        query = Query.boolean_query(
            [(Occur.Must, rows_query(self._snapshot.schema, list(by_row))), *parts]
        )
        addresses = [
            address for _, address in searcher.search(query, len(by_row), count=False).hits
        ]
        seqs = searcher.fast_field_values("seq", addresses)
        rows = searcher.fast_field_values("row", addresses)
        found = [
            Neighbour(int(seq or 0), int(row or 0), by_row[int(row or 0)], address)
            for seq, row, address in zip(seqs, rows, addresses, strict=True)
        ]
        return sorted(found, key=lambda one: (-one.cosine, one.seq))

    def _candidates(self, filters: Filters, *, filtered: bool) -> tuple[Rows, Similarities]:
        """Rows that may pass, best first."""
        rows, cosines = self._nearest
        if not filtered:
            return rows, cosines
        kept = self._passing_nearest.under(filters)
        all_near_seen = len(rows) < LOOKED_AT or cosines[-1] < FLOOR
        if all_near_seen or np.count_nonzero(kept) >= _FEW:
            return rows[kept], cosines[kept]
        # The graph knows no filters, and would have to be asked for far more than are wanted.
        among = np.flatnonzero(self._passing.under(filters))
        if len(among) > SKETCHED_FROM:
            among = best_of(self._distances, among, SKETCHED_FROM)
        most = int(_SPARE * NEIGHBOURS)
        vectors = self._snapshot.vectors
        return vectors.nearest_among(self._vector, among.astype(np.uint64), count=most)

    @cached_property
    def _passing_nearest(self) -> Passing:
        """Over the nearest rows alone, which mostly are enough."""
        facts = self._snapshot.vectors.facts[self._nearest[0]]
        return Passing(facts.__getitem__, own_currency=self._own_currency)

    @cached_property
    def _distances(self) -> Distances:
        return self._snapshot.vectors.distances(self._vector)

    @cached_property
    def _nearest(self) -> tuple[Rows, Similarities]:
        return self._snapshot.vectors.nearest(self._vector, count=LOOKED_AT)


def rows_query(schema: tantivy.Schema, rows: list[int]) -> Query:
    """Listings whose vectors these are."""
    return numbers_query(schema, "row", rows)


def numbers_query(schema: tantivy.Schema, field: str, numbers: Iterable[int]) -> Query:
    """Listings with one of these numbers (a union of terms: five times faster than a term set)."""
    terms = [(Occur.Should, Query.term_query(schema, field, number)) for number in numbers]
    return Query.const_score_query(Query.boolean_query(terms), 0.0)
