"""Gathers the filters of one query, and joins them with those chosen beside the box."""

from collections.abc import Sequence
from typing import Final

import msgspec

from souk.discovery.search.errors import QueryInvalid
from souk.discovery.search.model import Between, Filters, normal
from souk.discovery.search.query.fields import PRICE, PUBLISHED, WORD_FIELDS
from souk.discovery.search.query.figures import (
    FIGURES,
    FigureError,
    Price,
    Value,
    between,
    read_date,
    read_number,
    read_price,
    unit_of,
)

FIGURE_FILTERS: Final = {
    "rating": "rating_milli",
    "accuracy": "accuracy_ppm",
    "latency": "latency_us",
    "size": "size_bytes",
    "min_memory_gb": "memory_mb",
    "downloads": "downloads",
    PUBLISHED: "published_ms",
}
"""The attribute of Filters that a figure's bounds go to."""
_WORDS: Final = tuple(field.filter for field in WORD_FIELDS.values())


class Where(msgspec.Struct, frozen=True):
    """From where to where in the query, in characters."""

    start: int
    end: int


class Comparison(msgspec.Struct, frozen=True):
    """A figure's filter before its value is read."""

    field: str
    op: str
    text: str
    where: Where


class Gathered:
    """The filters of a query so far."""

    def __init__(self, own_currency: str) -> None:
        self._own_currency = own_currency
        self._words: dict[str, list[str]] = {}
        self._without: list[tuple[str, str]] = []
        self._figures: dict[str, Between | None] = {}
        self._prices: list[tuple[Comparison, Price | None, Price | None]] = []
        self._currency: str | None = None

    def words(self, field: str, values: Sequence[str], *, negated: bool) -> None:
        if negated:
            self._without += [(field, value) for value in values]
        else:
            self._words.setdefault(WORD_FIELDS[field].filter, []).extend(values)

    def currency(self, code: str, where: Where) -> None:
        """Prices are in this currency. Raises QueryInvalid when they already are in another."""
        if self._currency not in (None, code):
            raise QueryInvalid(
                f"Prices are asked in {self._currency} already; a query knows one currency.",
                position=where.start,
                length=where.end - where.start,
            )
        self._currency = code

    def figure(self, comparison: Comparison) -> str:
        """Takes a comparison; answers its value as it was understood.

        Raises:
            FigureError: its value cannot be read. QueryInvalid: of a second currency.
        """
        if comparison.field == PRICE:
            return self._price(comparison)
        value, until = _ends(comparison)
        bounds = between(comparison.op, value, until)
        name = FIGURE_FILTERS[comparison.field]
        self._figures[name] = both(self._figures.get(name), bounds)
        return _shown(value, until, ranged=comparison.op == "..")

    def _price(self, comparison: Comparison) -> str:
        low_text, high_text = _split(comparison)
        low = read_price(low_text) if low_text else None
        high = read_price(high_text) if high_text else None
        for price in (low, high):
            if price is not None and price.currency is not None:
                self.currency(price.currency, comparison.where)
        ends = self._minor(low), self._minor(high)
        _check_order(*ends)
        self._prices.append((comparison, low, high))
        return _shown(*ends, ranged=comparison.op == "..")

    def prices_shown(self) -> list[str]:
        """The values of all comparisons of prices, in the currency that the whole query names."""
        return [
            _shown(self._minor(low), self._minor(high), ranged=comparison.op == "..")
            for comparison, low, high in self._prices
        ]

    def filters(self) -> Filters:
        """All of them. Raises QueryInvalid when a price is more than its currency allows."""
        bounds: Between | None = None
        for comparison, low, high in self._prices:
            try:
                ends = self._minor(low), self._minor(high)
            except FigureError as error:
                where = comparison.where
                raise QueryInvalid(
                    f"{str(error).capitalize()}.",
                    position=where.start,
                    length=where.end - where.start,
                ) from error
            bounds = both(bounds, between(comparison.op, *ends))
        words = {name: tuple(dict.fromkeys(values)) for name, values in self._words.items()}
        return msgspec.structs.replace(
            Filters(),
            **words,
            **self._figures,
            without=tuple(dict.fromkeys(self._without)),
            currency=self._currency,
            price_min_minor=None if bounds is None else bounds.low,
            price_max_minor=None if bounds is None else bounds.high,
        )

    def _minor(self, price: Price | None) -> Value | None:
        return None if price is None else price.minor(self._currency or self._own_currency)


def joined(typed: Filters, chosen: Filters) -> Filters:
    """Both sets of filters: values of one field add up, and of two ranges both bind."""
    words = {
        name: tuple(
            dict.fromkeys(
                normal(value) for value in (*getattr(typed, name), *getattr(chosen, name))
            )
        )
        for name in _WORDS
    }
    figures = {
        name: both(getattr(typed, name), getattr(chosen, name)) for name in FIGURE_FILTERS.values()
    }
    prices = both(_prices(typed), _prices(chosen))
    return msgspec.structs.replace(
        Filters(),
        **words,
        **figures,
        without=tuple(dict.fromkeys((*typed.without, *chosen.without))),
        currency=typed.currency or chosen.currency,
        price_min_minor=None if prices is None else prices.low,
        price_max_minor=None if prices is None else prices.high,
    )


def both(left: Between | None, right: Between | None) -> Between | None:
    """What lies in both ranges."""
    if left is None or right is None:
        return left or right
    lows = [end for end in (left.low, right.low) if end is not None]
    highs = [end for end in (left.high, right.high) if end is not None]
    return Between(max(lows, default=None), min(highs, default=None))


def _prices(filters: Filters) -> Between | None:
    if filters.price_min_minor is None and filters.price_max_minor is None:
        return None
    return Between(filters.price_min_minor, filters.price_max_minor)


def _split(comparison: Comparison) -> tuple[str, str]:
    """The two ends of a range, or the one value."""
    if comparison.op != "..":
        return comparison.text, ""
    low, _, high = comparison.text.partition("..")
    if not (low or high):
        raise FigureError("a range needs at least one end; write for example 5..20 or 5..")
    return low, high


def _ends(comparison: Comparison) -> tuple[Value | None, Value | None]:
    low_text, high_text = _split(comparison)
    if comparison.field == PUBLISHED:
        low = read_date(low_text) if low_text else None
        high = read_date(high_text) if high_text else None
    else:
        # In `1..2gb` the unit is that of both.
        unit = unit_of(high_text) if comparison.field in FIGURES else ""
        low = read_number(comparison.field, low_text, unit=unit) if low_text else None
        high = read_number(comparison.field, high_text) if high_text else None
    _check_order(low, high)
    return low, high


def _check_order(low: Value | None, high: Value | None) -> None:
    if low is not None and high is not None and low.low > high.high:
        raise FigureError(
            f"nothing lies between {low.shown} and {high.shown}; write the lower end first"
        )


def _shown(low: Value | None, high: Value | None, *, ranged: bool) -> str:
    first = "" if low is None else low.shown
    return f"{first}..{'' if high is None else high.shown}" if ranged else first
