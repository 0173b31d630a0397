"""Facets of figures: the ranges that are counted, and the words they are counted by.

A listing falls into one band of each figure; a facet's values are bands, or sums of them (`4 stars
and more`). So a figure is counted as fast as a word.
"""

from bisect import bisect_right
from collections.abc import Mapping
from typing import Final

import msgspec

from souk.discovery.search.model import Between, FacetCount
from souk.kernel.money import CURRENCIES

NO_BAND: Final = "none"


class Choice(msgspec.Struct, frozen=True):
    """A value of a facet of figures, with its ends (included) in the index's whole numbers."""

    name: str
    bounds: Between


class Figure(msgspec.Struct, frozen=True):
    """A figure's facet."""

    document: str
    """The field of the document, of Filters and of the index alike."""
    scale: int
    """How many of the index's numbers make one of `unit`."""
    unit: str
    choices: tuple[Choice, ...]
    edges: tuple[int, ...]
    """Where one band ends and the next begins: the least number of each but the first."""
    bands: tuple[tuple[str, ...], ...]
    """The bands of each choice."""

    def band(self, number: int | None) -> str:
        """The name of the band a listing falls into."""
        return NO_BAND if number is None else str(bisect_right(self.edges, number))

    def sums(self, counted: Mapping[str, int]) -> list[FacetCount]:
        """The facet's values from the counts of the bands; those that are never met left out."""
        values = []
        for choice, bands in zip(self.choices, self.bands, strict=True):
            count = sum([counted.get(band, 0) for band in bands])
            if count:
                values.append(FacetCount(choice.name, count))
        return values


def _figure(document: str, scale: int, unit: str, choices: tuple[Choice, ...]) -> Figure:
    lows = {one.bounds.low for one in choices if one.bounds.low is not None}
    highs = {one.bounds.high + 1 for one in choices if one.bounds.high is not None}
    edges = tuple(sorted((lows | highs) - {0}))
    bands = tuple(
        tuple(
            str(band)
            for band, start in enumerate([0, *edges])
            if start >= (choice.bounds.low or 0)
            and (choice.bounds.high is None or start <= choice.bounds.high)
        )
        for choice in choices
    )
    return Figure(document, scale, unit, choices, edges, bands)


def _at_least(scale: int, *ends: str) -> tuple[Choice, ...]:
    return tuple(Choice(end, Between(round(float(end) * scale), None)) for end in ends)


def _at_most(scale: int, *ends: str) -> tuple[Choice, ...]:
    return tuple(Choice(end, Between(None, round(float(end) * scale))) for end in ends)


FIGURES: Final = {
    "rating": _figure("rating_milli", 1000, "stars", _at_least(1000, "4.5", "4", "3", "2")),
    "accuracy": _figure(
        "accuracy_ppm", 10**6, "share", _at_least(10**6, "0.99", "0.95", "0.9", "0.8", "0.5")
    ),
    "latency": _figure("latency_us", 1000, "ms", _at_most(1000, "1", "10", "50", "100", "1000")),
    "size": _figure(
        "size_bytes",
        1,
        "bytes",
        (
            Choice("under-1mb", Between(None, 10**6 - 1)),
            Choice("1mb-100mb", Between(10**6, 10**8 - 1)),
            Choice("100mb-1gb", Between(10**8, 10**9 - 1)),
            Choice("1gb-10gb", Between(10**9, 10**10 - 1)),
            Choice("over-10gb", Between(10**10, None)),
        ),
    ),
}

PRICES: Final = {
    "free": (None, 0),
    "under-10": (0, 10),
    "10-100": (10, 100),
    "100-1000": (100, 1000),
    "over-1000": (1000, None),
}
"""Price bands in whole units of a currency; the upper end is not part of a band, and what is free
is part of its own alone."""


def price_band(price_minor: int | None, currency: str | None) -> str:
    """The band of a price, in whole units of its own currency."""
    if price_minor is None or currency is None:
        return NO_BAND
    if price_minor == 0:
        return "free"
    unit = 10 ** CURRENCIES[currency].digits
    return next(
        name
        for name, (_, high) in PRICES.items()
        if high is None or (high and price_minor < high * unit)
    )


def price_bounds(band: str, currency: str) -> Between:
    """A price band's ends, included, in minor units of a currency."""
    low, high = PRICES[band]
    unit = 10 ** CURRENCIES[currency].digits
    if high == 0:
        return Between(None, 0)
    return Between(max(1, (low or 0) * unit), None if high is None else high * unit - 1)
