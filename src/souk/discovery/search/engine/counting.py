"""Counts matches: all of them, and those under each value of each facet."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, get_args

import tantivy
from tantivy import Occur, Query

from souk.discovery.search.engine.filters import LIFTED, WORDS, one_value
from souk.discovery.search.engine.matching import Matching
from souk.discovery.search.engine.ranges import FIGURES, PRICES
from souk.discovery.search.engine.reader import Snapshot
from souk.discovery.search.engine.schema import EVERYWHERE, WORD_FACETS
from souk.discovery.search.model import FacetCount, Filters, normal
from souk_client.contracts.works import Region

FACETS: Final = (*WORD_FACETS, "region", "price", *FIGURES)
_REGIONS: Final[tuple[str, ...]] = get_args(Region)
_MOST_VALUES: Final = 30
_ALL_VALUES: Final = 65_000
_TOTAL: Final = "total"
_COMPLETED: Final = 1_000
"""How many values of a facet are known to completion."""

FacetCounts = dict[str, list[FacetCount]]
Buckets = list[dict[str, Any]]  # as tantivy answers: JSON


def count(
    snapshot: Snapshot, matching: Matching, filters: Filters, *, own_currency: str
) -> tuple[int, FacetCounts]:
    """The exact number of matches, and of those with each value of each facet.

    A facet whose own filter is set is counted with that lifted.
    """
    lifted = {name: LIFTED[name](filters) for name in FACETS if name in LIFTED}
    asked: dict[Filters, list[str]] = {filters: []}
    for name in FACETS:
        asked.setdefault(lifted.get(name, filters), []).append(name)
    facets: FacetCounts = {}
    total = 0
    for under, names in asked.items():
        query = matching.under(under).query
        wanted = {name: _aggregation(name) for name in names}
        if under is filters:
            wanted[_TOTAL] = {"value_count": {"field": "seq"}}
        counted = snapshot.searcher.aggregate(query, wanted)
        if under is filters:
            total = int(counted.pop(_TOTAL)["value"])
        for name in names:
            values = _values(name, counted[name]["buckets"], filters, own_currency=own_currency)
            facets[name] = _with_chosen(snapshot, query, name, values, filters)
    return total, {name: facets[name] for name in FACETS}


def values_of_all(snapshot: Snapshot, name: str) -> list[tuple[str, int]]:
    """The values of a facet of words over all listings, the most frequent first."""
    known = snapshot.values.get(name)
    if known is None:
        asked = _aggregation(name) if name == "region" else _terms(name, size=_COMPLETED)
        counted = snapshot.searcher.aggregate(Query.all_query(), {name: asked})
        buckets = counted[name]["buckets"]
        values = {bucket["key"]: int(bucket["doc_count"]) for bucket in buckets}
        listed = _regions(values) if name == "region" else _sorted(values)
        known = snapshot.values[name] = [(one.value, one.count) for one in listed]
    return known


def _aggregation(name: str) -> dict[str, Any]:
    if name == "price":
        return _terms("currency") | {"aggs": {"bands": _terms("price_band")}}
    if name == "region":
        return _terms("region_set", size=2 ** len(_REGIONS))
    return _terms(f"{name}_band" if name in FIGURES else name)


def _terms(field: str, *, size: int = _MOST_VALUES) -> dict[str, Any]:
    return {"terms": {"field": field, "size": size, "segment_size": _ALL_VALUES}}


def _values(
    name: str, buckets: Buckets, filters: Filters, *, own_currency: str
) -> list[FacetCount]:
    counted = {bucket["key"]: int(bucket["doc_count"]) for bucket in buckets}
    if name == "price":
        return _prices(buckets, filters.currency, own_currency=own_currency)
    if name == "region":
        return _regions(counted)
    if name in FIGURES:
        return FIGURES[name].sums(counted)
    return _sorted(counted)


def _prices(buckets: Buckets, currency: str | None, *, own_currency: str) -> list[FacetCount]:
    """What choosing a band gives: prices in the one currency, and what is free in any of them."""
    counted: Counter[str] = Counter()
    for by_currency in buckets:
        own = by_currency["key"] == (currency or own_currency)
        for band in by_currency["bands"]["buckets"]:
            if own or (band["key"] == "free" and currency is None):
                counted[band["key"]] += int(band["doc_count"])
    return [FacetCount(band, counted[band]) for band in PRICES if counted[band]]


def _regions(sets: Mapping[str, int]) -> list[FacetCount]:
    """A listing sold everywhere counts for each region."""
    counted: Counter[str] = Counter()
    for regions, listings in sets.items():
        for region in _REGIONS if regions == EVERYWHERE else regions.split():
            counted[region] += listings
    return _sorted(counted)


def _sorted(counted: Mapping[str, int]) -> list[FacetCount]:
    ordered = sorted([(-number, value) for value, number in counted.items()])
    return [FacetCount(value, -number) for number, value in ordered]


def _with_chosen(
    snapshot: Snapshot, query: Query, name: str, values: list[FacetCount], filters: Filters
) -> list[FacetCount]:
    """The values, with those that are chosen though they are not among the most frequent."""
    chosen = filters.tags if name == "tag" else getattr(filters, WORDS.get(name, ("kinds",))[0])
    if len(values) < _MOST_VALUES or (name not in WORDS and name != "tag"):
        return values
    shown = {normal(one.value) for one in values}
    for value in chosen:
        if normal(value) not in shown:
            both = Query.boolean_query(
                [(Occur.Must, query), (Occur.Must, one_value(snapshot.schema, name, value))]
            )
            number = _count(snapshot.searcher, both)
            if number:
                values.append(FacetCount(normal(value), number))
    return values


def _count(searcher: tantivy.Searcher, query: Query) -> int:
    counted = searcher.aggregate(query, {_TOTAL: {"value_count": {"field": "seq"}}})
    return int(counted[_TOTAL]["value"])
