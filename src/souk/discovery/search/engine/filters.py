"""Filters as tantivy queries. None of them adds to a score."""

from collections.abc import Callable
from typing import Final

import msgspec
import tantivy
from tantivy import FieldType, Occur, Query

from souk.discovery.search.engine.schema import normal_tag
from souk.discovery.search.model import Filters

_U64_MAX: Final = 2**64 - 1

LIFTED: Final[dict[str, Callable[[Filters], Filters]]] = {
    "kind": lambda filters: msgspec.structs.replace(filters, kinds=()),
    "licence": lambda filters: msgspec.structs.replace(filters, licences=()),
    "task": lambda filters: msgspec.structs.replace(filters, tasks=()),
    "category": lambda filters: msgspec.structs.replace(filters, categories=()),
}
"""Facets of which any one value may match: each is counted with its own filter lifted, so that the
counts say what choosing another value would give."""


def filter_parts(
    filters: Filters, schema: tantivy.Schema, *, own_currency: str
) -> list[tuple[Occur, Query]]:
    """One required part for each filter set."""
    parts = [
        _any_of(schema, field, values)
        for field, values in (
            ("kind", filters.kinds),
            ("licence", filters.licences),
            ("task", filters.tasks),
            ("category", filters.categories),
            ("owner", filters.owners),
        )
        if values
    ]
    parts += [Query.term_query(schema, "tag", normal_tag(tag)) for tag in filters.tags]
    if filters.currency is not None:
        parts.append(Query.term_query(schema, "currency", filters.currency))
    if filters.price_min_minor is not None or filters.price_max_minor is not None:
        parts += _price(filters, schema, own_currency=own_currency)
    return [(Occur.Must, Query.const_score_query(part, 0.0)) for part in parts]


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
    lower = filters.price_min_minor or 0
    upper = _U64_MAX if filters.price_max_minor is None else filters.price_max_minor
    within = Query.range_query(
        schema, "price_minor", FieldType.Unsigned, lower_bound=lower, upper_bound=upper
    )
    if filters.currency is not None:
        return [within]  # the currency is a part of its own
    comparable = [(Occur.Should, Query.term_query(schema, "currency", own_currency))]
    if lower == 0:
        comparable.append((Occur.Should, Query.term_query(schema, "price_minor", 0)))
    return [Query.boolean_query(comparable), within]


def _any_of(schema: tantivy.Schema, field: str, values: tuple[str, ...]) -> Query:
    return Query.boolean_query(
        [(Occur.Should, Query.term_query(schema, field, value)) for value in values]
    )
