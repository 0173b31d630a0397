"""A few facts of each row beside its vector, so that filters need not ask the text index.

They only ever pass too much (values are hashed, outdated rows are still there), never too little:
what they pass is then asked of the text index exactly.
"""

import zlib
from typing import Final

import numpy as np
import numpy.typing as npt

from souk.discovery.search.engine.schema import normal_tag
from souk.discovery.search.model import Filters, SearchDocument

FACTS: Final = np.dtype(
    [
        ("kind", "<u4"),
        ("licence", "<u4"),
        ("task", "<u4"),
        ("category", "<u4"),
        ("owner", "<u4"),
        ("currency", "<u4"),
        ("price", "<i8"),
        ("tags", "<u8"),
    ]
)
"""Hashes; the price in minor units, -1 for none; two bits for each tag (Bloom 1970)."""

Facts = npt.NDArray[np.void]
Mask = npt.NDArray[np.bool_]


def facts_of(document: SearchDocument) -> tuple[int, ...]:
    """One record, in the order of FACTS."""
    tags = 0
    for tag in document.tags:
        tags |= _tag_bits(tag)
    return (
        _code(document.kind),
        _code(document.licence),
        _code(document.task),
        _code(document.category),
        _code(document.owner),
        _code(document.currency),
        -1 if document.price_minor is None else document.price_minor,
        tags,
    )


def may_pass(facts: Facts, filters: Filters, *, own_currency: str) -> Mask:
    """Which records may pass the filters: True for all that do, and perhaps for a few others."""
    passing = np.ones(len(facts), np.bool_)
    for field, values in (
        ("kind", filters.kinds),
        ("licence", filters.licences),
        ("task", filters.tasks),
        ("category", filters.categories),
        ("owner", filters.owners),
    ):
        if values:
            codes = [facts[field] == _code(value) for value in values]
            passing &= np.logical_or.reduce(codes)
    for tag in filters.tags:
        bits = np.uint64(_tag_bits(tag))
        passing &= facts["tags"] & bits == bits
    if filters.currency is not None:
        passing &= facts["currency"] == _code(filters.currency)
    if filters.price_min_minor is not None or filters.price_max_minor is not None:
        passing &= _price_passes(facts, filters, own_currency=own_currency)
    return passing


def _price_passes(facts: Facts, filters: Filters, *, own_currency: str) -> Mask:
    """As `filters._price` asks of the text index."""
    low = filters.price_min_minor or 0
    within: Mask = facts["price"] >= low
    if filters.price_max_minor is not None:
        within &= facts["price"] <= filters.price_max_minor
    if filters.currency is not None:
        return within
    within &= facts["currency"] == _code(own_currency)
    return within if low > 0 else within | (facts["price"] == 0)


def _code(value: str | None) -> int:
    return zlib.crc32((value or "").encode())


def _tag_bits(tag: str) -> int:
    code = zlib.crc32(normal_tag(tag).encode())
    return 1 << (code & 63) | 1 << (code >> 6 & 63)
