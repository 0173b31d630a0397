"""A few facts of each row beside its vector, so that filters need not ask the text index.

They only ever pass too much (values are hashed, outdated rows are still there), never too little:
what they pass is then asked of the text index exactly.
"""

import zlib
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from souk.discovery.search.engine.filters import ANY_CURRENCY
from souk.discovery.search.model import Between, Filters, SearchDocument, normal

_CODES: Final = {
    "kind": "kinds",
    "licence": "licences",
    "task": "tasks",
    "category": "categories",
    "owner": "owners",
}
"""Words of which a listing has one: the attribute of Filters."""
_SETS: Final = {"frameworks": "frameworks", "hardware": "hardware", "regions": "regions"}
"""Words of which a listing has several, and any may match."""
_NUMBERS: Final = {
    "rating_milli": "rating_milli",
    "accuracy_ppm": "accuracy_ppm",
    "latency_us": "latency_us",
    "size_bytes": "size_bytes",
    "memory_mb": "memory_mb",
    "downloads": "downloads",
    "published_at_ms": "published_ms",
}
FACTS: Final = np.dtype(
    [
        *((name, "<u4") for name in _CODES),
        ("currency", "<u4"),
        ("tags", "<u8"),
        *((name, "<u8") for name in _SETS),
        ("price_minor", "<i8"),
        *((name, "<i8") for name in _NUMBERS),
    ]
)
"""Hashes; two bits of 64 for each word of a set (Bloom 1970), all of them for what is sold
everywhere; numbers with -1 for none."""
_ALL_BITS: Final = 2**64 - 1

Facts = npt.NDArray[np.void]
Mask = npt.NDArray[np.bool_]


def facts_of(document: SearchDocument) -> tuple[int, ...]:
    """One record, in the order of FACTS."""
    sets = [_bits(getattr(document, name)) for name in _SETS]
    if not document.regions:
        sets[-1] = _ALL_BITS
    return (
        *(_code(getattr(document, name)) for name in _CODES),
        _code(document.currency),
        _bits(document.tags),
        *sets,
        _number(document.price_minor),
        *(_number(getattr(document, name)) for name in _NUMBERS),
    )


def may_pass(facts: Facts, filters: Filters, *, own_currency: str) -> Mask:
    """Which records may pass the filters: True for all that do, and perhaps for a few others."""
    passing = np.ones(len(facts), np.bool_)
    for field, attribute in _CODES.items():
        if values := getattr(filters, attribute):
            codes = [facts[field] == _code(value) for value in values]
            passing &= np.logical_or.reduce(codes)
    for tag in filters.tags:
        passing &= _holds(facts["tags"], tag)
    for field, attribute in _SETS.items():
        if values := getattr(filters, attribute):
            passing &= np.logical_or.reduce([_holds(facts[field], value) for value in values])
    for field, attribute in _NUMBERS.items():
        bounds: Between | None = getattr(filters, attribute)
        if bounds is not None:
            passing &= _within(facts[field], bounds)
    if filters.currency is not None and filters.currency != ANY_CURRENCY:
        passing &= facts["currency"] == _code(filters.currency)
    if filters.price_min_minor is not None or filters.price_max_minor is not None:
        passing &= _price_passes(facts, filters, own_currency=own_currency)
    return passing


def _price_passes(facts: Facts, filters: Filters, *, own_currency: str) -> Mask:
    """As `filters._price` asks of the text index."""
    low = filters.price_min_minor or 0
    within: Mask = _within(facts["price_minor"], Between(low, filters.price_max_minor))
    if filters.currency is not None:
        return within
    own: Mask = facts["currency"] == _code(own_currency)
    if low <= 0:
        own |= facts["price_minor"] == 0
    return within & own


def _within(numbers: npt.NDArray[np.int64], bounds: Between) -> Mask:
    within: Mask = numbers >= max(bounds.low or 0, 0)
    if bounds.high is not None:
        within &= numbers <= bounds.high
    return within


def _holds(bits: npt.NDArray[np.uint64], word: str) -> Mask:
    wanted = np.uint64(_bits([word]))
    holds: Mask = bits & wanted == wanted
    return holds


def _number(value: int | None) -> int:
    return -1 if value is None else max(value, 0)


def _code(value: str | None) -> int:
    return zlib.crc32(normal(value or "").encode())


def _bits(words: Iterable[str]) -> int:
    bits = 0
    for word in words:
        code = zlib.crc32(normal(word).encode())
        bits |= 1 << (code & 63) | 1 << (code >> 6 & 63)
    return bits
