"""Filters as tantivy queries. None of them adds to a score."""

from collections.abc import Callable
from typing import Final

import msgspec
import tantivy
from tantivy import FieldType, Occur, Query

from souk.discovery.search.engine.ranges import FIGURES
from souk.discovery.search.engine.schema import EVERYWHERE
from souk.discovery.search.model import Between, Filters, normal

_U64_MAX: Final = 2**64 - 1
ANY_CURRENCY: Final = "*"
"""In place of a currency: price bounds compare the bare numbers of all of them."""

Parts = list[tuple[Occur, Query]]

WORDS: Final = {
    "kind": ("kinds", "kind"),
    "licence": ("licences", "licence_key"),
    "task": ("tasks", "task"),
    "category": ("categories", "category"),
    "framework": ("frameworks", "framework"),
    "hardware": ("hardware", "hardware"),
    "region": ("regions", "region"),
    "owner": ("owners", "owner"),
}
"""Of each word of which any value may match: the attribute of Filters, and the index's field."""
_FIELDS: Final = {name: field for name, (_, field) in WORDS.items()} | {"tag": "tag"}
_NUMBERS: Final = {figure.document: figure.document for figure in FIGURES.values()} | {
    "memory_mb": "memory_mb",
    "downloads": "download_count",
    "published_ms": "published_ms",
}
"""Of each number: the attribute of Filters, and the index's field."""


def _lift(**values: object) -> Callable[[Filters], Filters]:
    return lambda filters: msgspec.structs.replace(filters, **values)


LIFTED: Final[dict[str, Callable[[Filters], Filters]]] = {
    **{name: _lift(**{attribute: ()}) for name, (attribute, _) in WORDS.items()},
    **{name: _lift(**{figure.document: None}) for name, figure in FIGURES.items()},
    "price": _lift(price_min_minor=None, price_max_minor=None),
    # Bounds of a price stay, in whichever currency is chosen instead.
    "currency": lambda filters: msgspec.structs.replace(
        filters,
        currency=(
            None
            if filters.price_min_minor is None and filters.price_max_minor is None
            else ANY_CURRENCY
        ),
    ),
}
"""Facets of which one choice takes another's place: each is counted with its own filter lifted, so
that the counts say what choosing another value would give. Tags add up, and are not lifted."""


def filter_parts(filters: Filters, schema: tantivy.Schema, *, own_currency: str) -> Parts:
    """One required part for each filter set."""
    wanted = [
        _any_of(schema, field, _accepted(name, values))
        for name, (attribute, field) in WORDS.items()
        if (values := getattr(filters, attribute))
    ]
    wanted += [Query.term_query(schema, "tag", normal(tag)) for tag in filters.tags]
    if filters.currency is not None and filters.currency != ANY_CURRENCY:
        wanted.append(Query.term_query(schema, "currency", filters.currency))
    if filters.price_min_minor is not None or filters.price_max_minor is not None:
        wanted += _price(filters, schema, own_currency=own_currency)
    for attribute, field in _NUMBERS.items():
        bounds: Between | None = getattr(filters, attribute)
        if bounds is not None:
            wanted.append(_within(schema, field, bounds))
    parts = [(Occur.Must, Query.const_score_query(part, 0.0)) for part in wanted]
    return parts + [
        (Occur.MustNot, _any_of(schema, _FIELDS[name], _accepted(name, (value,))))
        for name, value in filters.without
    ]


def one_value(schema: tantivy.Schema, name: str, value: str) -> Query:
    """Listings that a facet counts under a value."""
    return _any_of(schema, _FIELDS[name], _accepted(name, (value,)))


def key_beyond(
    schema: tantivy.Schema, field: str, key: int, *, ascending: bool
) -> tuple[Occur, Query]:
    """What follows a sort key."""
    beyond = (
        Query.range_query(schema, field, FieldType.Unsigned, lower_bound=key, include_lower=False)
        if ascending
        else Query.range_query(
            schema, field, FieldType.Unsigned, upper_bound=key, include_upper=False
        )
    )
    return Occur.Must, Query.const_score_query(beyond, 0.0)


def _price(filters: Filters, schema: tantivy.Schema, *, own_currency: str) -> list[Query]:
    """What must all hold; side by side, which is three times faster to check than nested."""
    bounds = Between(filters.price_min_minor, filters.price_max_minor)
    within = _within(schema, "price_minor", bounds)
    if filters.currency is not None:
        return [within]  # the currency is a part of its own
    comparable = [(Occur.Should, Query.term_query(schema, "currency", own_currency))]
    if not bounds.low or bounds.low < 0:
        comparable.append((Occur.Should, Query.term_query(schema, "price_minor", 0)))
    return [Query.boolean_query(comparable), within]


def _within(schema: tantivy.Schema, field: str, bounds: Between) -> Query:
    low = max(bounds.low or 0, 0)
    high = _U64_MAX if bounds.high is None else min(bounds.high, _U64_MAX)
    if low > high:
        return Query.empty_query()
    return Query.range_query(schema, field, FieldType.Unsigned, lower_bound=low, upper_bound=high)


def _accepted(name: str, values: tuple[str, ...]) -> tuple[str, ...]:
    """The values of the index that match: what is sold everywhere is sold in each region."""
    folded = tuple(map(normal, values))
    return (*folded, EVERYWHERE) if name == "region" else folded


def _any_of(schema: tantivy.Schema, field: str, values: tuple[str, ...]) -> Query:
    if len(values) == 1:
        return Query.term_query(schema, field, values[0])
    return Query.boolean_query(
        [(Occur.Should, Query.term_query(schema, field, value)) for value in values]
    )
