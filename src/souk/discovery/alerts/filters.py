"""Filters as people choose them, to filters as the index compares them: pure."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

from souk.discovery.search.api import Between, Filters
from souk_client.contracts.saved_searches import FigureRange, SearchFilters

_MOST: Final = 2**62
"""Past every figure, and within the index's numbers."""


def filters_of(chosen: SearchFilters) -> Filters:
    """The index's filters: figures in its own whole units, a range never wider than was asked."""
    return Filters(
        kinds=tuple(chosen.kinds),
        tags=tuple(chosen.tags),
        licences=tuple(chosen.licences),
        tasks=tuple(chosen.tasks),
        categories=tuple(chosen.categories),
        frameworks=tuple(chosen.frameworks),
        hardware=tuple(chosen.hardware),
        regions=tuple(chosen.regions),
        owners=tuple(chosen.owners),
        currency=chosen.currency,
        price_min_minor=chosen.price_min_minor,
        price_max_minor=chosen.price_max_minor,
        rating_milli=_between(chosen.rating, 1000),
        accuracy_ppm=_between(chosen.accuracy, 10**6),
        latency_us=_between(chosen.latency_ms, 1000),
        size_bytes=_between(chosen.size_bytes, 1),
        memory_mb=_between(chosen.memory_gb, 1000),
    )


def _between(chosen: FigureRange | None, scale: int) -> Between | None:
    if chosen is None or (chosen.low is None and chosen.high is None):
        return None
    return Between(
        _whole(chosen.low, scale, ROUND_CEILING), _whole(chosen.high, scale, ROUND_FLOOR)
    )


def _whole(end: float | None, scale: int, rounding: str) -> int | None:
    if end is None:
        return None
    return min(int((Decimal(repr(end)) * scale).to_integral_value(rounding)), _MOST)
