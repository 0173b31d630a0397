"""A few facts of each row beside its vector, so that filters need not ask the text index.

They only ever pass too much (values are hashed, outdated rows are still there), never too little:
what they pass is then asked of the text index exactly.
"""

import zlib
from collections.abc import Callable, Iterable
from typing import Any, Final

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
Column = npt.NDArray[Any]
"""Of one field of FACTS, in its own type."""
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


class Passing:
    """Which records may pass filters: those that do, and perhaps a few others.

    What one condition passes is worked out once, for the filters of one question have most in
    common.
    """

    def __init__(self, column: Callable[[str], Column], *, own_currency: str) -> None:
        """`column` gives one fact of every record."""
        self._column = column
        self._own_currency = own_currency
        self._known: dict[object, Mask] = {}

    def under(self, filters: Filters) -> Mask:
        """True where a record may pass all of these."""
        passing = np.ones(len(self._column("kind")), np.bool_)
        for field, attribute in _CODES.items():
            if values := getattr(filters, attribute):
                passing &= self._once((field, values), self._has_code, field, values)
        for tag in filters.tags:
            passing &= self._once(("tags", tag), self._has_any, "tags", (tag,))
        for field, attribute in _SETS.items():
            if values := getattr(filters, attribute):
                passing &= self._once((field, values), self._has_any, field, values)
        for field, attribute in _NUMBERS.items():
            bounds: Between | None = getattr(filters, attribute)
            if bounds is not None:
                key = (field, bounds.low, bounds.high)
                passing &= self._once(key, self._lies_within, field, bounds)
        if filters.currency is not None and filters.currency != ANY_CURRENCY:
            codes = (filters.currency,)
            passing &= self._once(("currency", codes), self._has_code, "currency", codes)
        if filters.price_min_minor is not None or filters.price_max_minor is not None:
            price = (filters.price_min_minor or 0, filters.price_max_minor)
            in_any = filters.currency is not None
            passing &= self._once(("price", price, in_any), self._costs, *price, in_any)
        return passing

    def _once(self, key: object, ask: Callable[..., Mask], *about: object) -> Mask:
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = ask(*about)
        return known

    def _has_code(self, field: str, values: tuple[str, ...]) -> Mask:
        column = self._column(field)
        has: Mask = np.logical_or.reduce([column == _code(value) for value in values])
        return has

    def _has_any(self, field: str, values: tuple[str, ...]) -> Mask:
        column = self._column(field)
        has: Mask = np.logical_or.reduce([_holds(column, value) for value in values])
        return has

    def _lies_within(self, field: str, bounds: Between) -> Mask:
        return _within(self._column(field), bounds)

    def _costs(self, low: int, high: int | None, in_any: bool) -> Mask:
        """As `filters._price` asks of the text index."""
        within = _within(self._column("price_minor"), Between(low, high))
        if in_any:
            return within
        own: Mask = self._column("currency") == _code(self._own_currency)
        if low <= 0:
            own |= self._column("price_minor") == 0
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
