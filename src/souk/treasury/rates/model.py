"""Converting with dated rates: exact fractions up to the one rounding at the end."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import msgspec

from souk.treasury.rates.currencies import shown_currency

RATE_DIGITS = 10
"""Digits behind the point of a rate that was computed from two others, when it is shown."""


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """One unit of `base` was worth `rate` units of `currency` on that day."""

    base: str
    currency: str
    as_of: date
    source: str
    rate: Decimal


class Converted(msgspec.Struct, frozen=True, kw_only=True):
    """An amount in another currency, and by which rate."""

    amount_minor: int
    """Minor units of `currency`, rounded half up (away from zero at exactly one half)."""
    currency: str
    rate: Decimal
    """Units of `currency` for one unit of the amount's own."""
    as_of: date
    """The day of the rate; of a cross rate, the older of its two days."""
    source: str
    """Who stated the rate; of a cross rate both, as `ecb + treasury`."""


class _Leg(msgspec.Struct, frozen=True):
    value: Fraction
    as_of: date
    sources: tuple[str, ...] = ()


class RateTable:
    """The newest quote of each pair, as they stood on one day.

    Between two currencies it goes straight, backwards, or through a base that quotes both; of
    several ways the newest counts, then the shortest, then the first base by name.
    """

    def __init__(self, quotes: Iterable[Quote], *, today: date, max_age_days: int) -> None:
        self._today = today
        self._oldest = today - timedelta(days=max_age_days)
        self._by_base: dict[str, dict[str, Quote]] = {}
        for quote in quotes:
            self._by_base.setdefault(quote.base, {})[quote.currency] = quote

    def is_stale(self, as_of: date) -> bool:
        """Whether a rate of that day is too old to convert with."""
        return as_of < self._oldest

    def convert(self, amount_minor: int, currency: str, to: str) -> Converted | None:
        """The amount in another currency; None when no rate that is fresh enough says so.

        Raises:
            Invalid: `currency_unknown`.
        """
        origin, target = shown_currency(currency), shown_currency(to)
        way = self.way(origin.code, target.code)
        if way is None or self.is_stale(way.as_of):
            return None
        exact = amount_minor * way.exact * Fraction(10) ** (target.digits - origin.digits)
        return Converted(
            amount_minor=round_half_up(exact),
            currency=target.code,
            rate=way.rate,
            as_of=way.as_of,
            source=way.source,
        )

    def way(self, currency: str, to: str) -> "Way | None":
        """The rate from one currency to another, stale or not; None when nothing connects them."""
        if currency == to:
            return None
        ways = [
            Way(
                exact=there.value / here.value,
                as_of=min(here.as_of, there.as_of),
                source=" + ".join(sorted({*here.sources, *there.sources})),
                legs=len(here.sources) + len(there.sources),
            )
            for here, there in self._legs(currency, to)
        ]
        return max(ways, key=lambda way: (way.as_of, -way.legs), default=None)

    def currencies(self) -> list[str]:
        """Every currency that some fresh quote names and amounts can be shown in, by code."""
        named = {
            code
            for base, quotes in self._by_base.items()
            for quote in quotes.values()
            if not self.is_stale(quote.as_of)
            for code in (base, quote.currency)
        }
        return sorted(named)

    def quotes(self) -> Mapping[str, Mapping[str, Quote]]:
        """The newest quotes, by base and currency."""
        return self._by_base

    def _legs(self, currency: str, to: str) -> Iterator[tuple[_Leg, _Leg]]:
        for base in sorted(self._by_base):
            here, there = self._leg(base, currency), self._leg(base, to)
            if here is not None and there is not None:
                yield here, there

    def _leg(self, base: str, currency: str) -> _Leg | None:
        if base == currency:
            return _Leg(Fraction(1), date.max)
        quote = self._by_base[base].get(currency)
        if quote is None:
            return None
        return _Leg(Fraction(quote.rate), quote.as_of, (quote.source,))


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A rate between two currencies and where it comes from."""

    exact: Fraction
    as_of: date
    source: str
    legs: int
    """1 when it was quoted as such (or the other way round), 2 through a base."""

    @property
    def rate(self) -> Decimal:
        """The rate as a decimal with `RATE_DIGITS` significant digits or more, rounded half up."""
        with localcontext() as context:
            context.prec = 40
            context.rounding = ROUND_HALF_UP
            value = Decimal(self.exact.numerator) / Decimal(self.exact.denominator)
            places = RATE_DIGITS if value >= 1 else RATE_DIGITS - value.adjusted() - 1
            return value.quantize(Decimal(1).scaleb(-min(places, 30)))


def round_half_up(value: Fraction) -> int:
    """The nearest whole number; exactly one half goes away from zero."""
    doubled = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return doubled if value >= 0 else -doubled
