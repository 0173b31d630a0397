"""Figures in a query: numbers with units, prices, dates; and what a comparison leaves of them."""

import calendar
import re
from datetime import UTC, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

import msgspec

from souk.discovery.search.model import Between
from souk.kernel.money import ALIASES, CURRENCIES

_GB: Final = 10**9
_BYTES: Final = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": _GB,
    "tb": 10**12,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}
_NUMBER: Final = re.compile(r"(\d{1,18}(?:\.\d{0,9})?|\.\d{1,9})\s?([^\d\s.]{0,6})", re.ASCII)
_PRICE: Final = re.compile(
    r"([$€Ξ]?)(\d{1,18}(?:\.\d{0,9})?|\.\d{1,9})\s?([A-Za-z]{3,5}|[$€Ξ]?)", re.ASCII
)
_DATE: Final = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", re.ASCII)
_YEARS: Final = range(1970, 2101)


class FigureError(ValueError):
    """A value that cannot be read; the message says how to mend it."""


class Figure(msgspec.Struct, frozen=True):
    """A field whose values are numbers."""

    units: dict[str, Decimal]
    """What a unit (in lower case; "" for none) stands for in the index's whole numbers."""
    most: Decimal
    """The largest value there can be, in the index's whole numbers."""
    limit: str
    example: str


def _figure(units: dict[str, int | str], *, most: int, limit: str, example: str) -> Figure:
    made = {unit: Decimal(factor) for unit, factor in units.items()}
    return Figure(made, Decimal(most), limit, example)


FIGURES: Final = {
    "rating": _figure(
        {"": 1000, "star": 1000, "stars": 1000},
        most=5_000,
        limit="a rating lies between 0 and 5",
        example="rating:>=4",
    ),
    "accuracy": _figure(
        {"": 10**6, "%": 10**4},
        most=10**6,
        limit="an accuracy lies between 0 and 1; write 0.9 or 90%",
        example="accuracy:>0.9",
    ),
    "latency": _figure(
        {"": 1000, "ms": 1000, "s": 10**6, "us": 1, "µs": 1, "ns": "0.001"},
        most=10**12,
        limit="a latency is at most 1,000,000 s",
        example="latency:<50ms",
    ),
    "size": _figure(
        dict(_BYTES), most=2**50, limit="a size is at most 1,125 TB", example="size:<2gb"
    ),
    "min_memory_gb": _figure(
        {"": 1000}
        | {unit: str(Decimal(factor) / 10**6) for unit, factor in _BYTES.items() if unit},
        most=10**9,
        limit="memory is at most 1,000,000 GB",
        example="min_memory_gb=16",
    ),
    "downloads": _figure(
        {"": 1, "k": 10**3, "m": 10**6},
        most=10**15,
        limit="a count is at most 10^15",
        example="downloads:>=1000",
    ),
}
"""Of each field: rating in thousandths of a star, accuracy in millionths, latency in microseconds,
size in bytes, memory in MB."""


class Value(msgspec.Struct, frozen=True):
    """The numbers that a value stands for, from `low` to `high`; the same two but for a date."""

    low: Decimal
    high: Decimal
    shown: str


def read_number(field: str, text: str, *, unit: str = "") -> Value:
    """A number of this field; `unit` is taken where it names none.

    Raises:
        FigureError: it is no number, has another unit, or lies out of range.
    """
    figure = FIGURES[field]
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise FigureError(f"{_short(text)} is no number; write for example {figure.example}")
    named = match[2].lower() or unit
    if named not in figure.units:
        known = ", ".join(one for one in figure.units if one)
        raise FigureError(f"{field} knows no unit {_short(match[2])}; known are {known}")
    number = Decimal(match[1]) * figure.units[named]
    if number > figure.most:
        raise FigureError(figure.limit)
    return Value(number, number, f"{match[1]}{' ' * named.isalpha()}{named}")


def unit_of(text: str) -> str:
    """The unit at the end of a value."""
    match = _NUMBER.fullmatch(text)
    return "" if match is None else match[2].lower()


class Price(msgspec.Struct, frozen=True):
    """A price in whole units; the currency is None when it was not said."""

    amount: Decimal
    currency: str | None

    def minor(self, code: str) -> Value:
        """In minor units of a currency.

        Raises:
            FigureError: it is more than any price.
        """
        minor = self.amount * 10 ** CURRENCIES[code].digits
        if minor > 10**15:
            raise FigureError(f"no price is above {10**15:,} minor units")
        return Value(minor, minor, f"{self.amount.normalize():f} {code}")


def read_price(text: str) -> Price:
    """`10`, `9.99eur`, `$5`, `free`.

    Raises:
        FigureError: it is no price, or its currency is not known.
    """
    if text.lower() == "free":
        return Price(Decimal(0), None)
    match = _PRICE.fullmatch(text)
    if match is None or (match[1] and match[3]):
        raise FigureError(
            f"{_short(text)} is no price; write for example price:<10 or price:<10eur"
        )
    named = match[1] or match[3]
    return Price(Decimal(match[2]), read_currency(named) if named else None)


def read_currency(text: str) -> str:
    """The code of a currency by its code, old name or symbol. Raises FigureError."""
    code = ALIASES.get(text.upper(), text.upper())
    by_symbol = {one.symbol: one.code for one in CURRENCIES.values()}
    code = by_symbol.get(code, code)
    if code not in CURRENCIES:
        raise FigureError(f"{_short(text)} is no currency here; use one of {', '.join(CURRENCIES)}")
    return code


def read_date(text: str) -> Value:
    """A day, month or year (`2026-05-01`, `2026-05`, `2026`) in UTC, in milliseconds since 1970.

    Raises:
        FigureError: there is no such day, or it lies out of range.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        raise FigureError(f"{_short(text)} is no date; write for example published:>=2026-01-31")
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None
    if year not in _YEARS:
        raise FigureError(f"dates run from {_YEARS[0]} to {_YEARS[-1]}")
    try:
        first = datetime(year, month or 1, day or 1, tzinfo=UTC)
    except ValueError as error:
        raise FigureError(f"there is no day {_short(text)}") from error
    last_month = month or 12
    last_day = day or calendar.monthrange(year, last_month)[1]
    last = datetime(year, last_month, last_day, tzinfo=UTC)
    day_ms = 86_400_000
    low = int(first.timestamp()) * 1000
    return Value(Decimal(low), Decimal(int(last.timestamp()) * 1000 + day_ms - 1), text)


def between(op: str, value: Value | None, until: Value | None = None) -> Between:
    """The whole numbers that a comparison leaves; a range (`..`) may lack either end."""
    low = None if value is None else _ceiling(value.low)
    last = until if op == ".." else value
    high = None if last is None else _floor(last.high)
    match op:
        case "<":
            return Between(None, None if low is None else low - 1)
        case "<=":
            return Between(None, high)
        case ">":
            return Between(None if high is None else high + 1, None)
        case ">=":
            return Between(low, None)
        case _:
            return Between(low, high)


def _ceiling(number: Decimal) -> int:
    return int(number.to_integral_value(ROUND_CEILING))


def _floor(number: Decimal) -> int:
    return int(number.to_integral_value(ROUND_FLOOR))


def _short(text: str) -> str:
    """What is quoted of a mistake."""
    return repr(text if len(text) <= 40 else f"{text[:37]}…")
