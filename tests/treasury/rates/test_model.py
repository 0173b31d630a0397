"""Converting: exact, rounded once, by fresh rates or not at all."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.kernel.errors import Invalid
from souk.treasury.rates.api import Quote, RateTable, format_amount
from souk.treasury.rates.model import round_half_up

TODAY = date(2026, 11, 21)


def quote(base: str, currency: str, rate: str, *, days_ago: int = 0, source: str = "ecb") -> Quote:
    as_of = TODAY - timedelta(days=days_ago)
    return Quote(base=base, currency=currency, rate=Decimal(rate), as_of=as_of, source=source)


def table(*quotes: Quote) -> RateTable:
    return RateTable(quotes, today=TODAY, max_age_days=7)


def test_a_quoted_rate_converts_exactly() -> None:
    found = table(quote("EUR", "USD", "1.0871")).convert(2000, "EUR", "USD")
    assert found is not None
    assert (found.amount_minor, found.currency, found.source) == (2174, "USD", "ecb")
    assert found.as_of == TODAY
    assert found.rate == Decimal("1.0871")


def test_backwards_is_the_exact_reciprocal() -> None:
    found = table(quote("EUR", "USD", "1.25")).convert(1000, "USD", "EUR")
    assert found is not None
    assert (found.amount_minor, found.rate) == (800, Decimal("0.8"))


def test_a_cross_rate_goes_through_the_base_and_has_the_older_day() -> None:
    rates = table(
        quote("EUR", "USD", "1.25"), quote("EUR", "GBP", "0.85", days_ago=3, source="treasury")
    )
    found = rates.convert(10_000, "USD", "GBP")
    assert found is not None
    assert (found.amount_minor, found.rate) == (6800, Decimal("0.68"))
    assert (found.as_of, found.source) == (TODAY - timedelta(days=3), "ecb + treasury")


def test_digits_of_the_currencies_are_respected() -> None:
    rates = table(quote("EUR", "JPY", "160.5"), quote("EUR", "ETH", "0.0004"))
    yen, ether = rates.convert(1840, "EUR", "JPY"), rates.convert(1840, "EUR", "ETH")
    assert yen is not None
    assert ether is not None
    assert (yen.amount_minor, ether.amount_minor) == (2953, 7_360_000)


def test_a_stale_rate_converts_nothing_and_no_rate_is_invented() -> None:
    rates = table(quote("EUR", "USD", "1.1", days_ago=8))
    assert rates.convert(100, "EUR", "USD") is None
    assert rates.convert(100, "EUR", "GBP") is None
    assert table().convert(100, "EUR", "USD") is None
    assert rates.currencies() == []
    way = rates.way("EUR", "USD")
    assert way is not None
    assert rates.is_stale(way.as_of)


def test_the_newest_way_counts_then_the_shortest() -> None:
    rates = table(
        quote("EUR", "USD", "2", days_ago=2), quote("USD", "EUR", "0.8", source="treasury")
    )
    found = rates.convert(100, "EUR", "USD")
    assert found is not None
    assert (found.amount_minor, found.source) == (125, "treasury")


def test_the_same_currency_is_not_converted_and_an_unknown_one_is_refused() -> None:
    rates = table(quote("EUR", "USD", "1.1"))
    assert rates.convert(100, "USD", "USD") is None
    with pytest.raises(Invalid, match="no currency"):
        rates.convert(100, "USD", "XXX")


positive = st.decimals(min_value="0.000001", max_value="1000000", places=6)


@given(st.integers(0, 10**15), positive, positive)
def test_a_conversion_is_off_by_half_a_minor_unit_at_most(
    amount: int, one: Decimal, other: Decimal
) -> None:
    rates = table(quote("EUR", "USD", str(one)), quote("EUR", "GBP", str(other)))
    found = rates.convert(amount, "USD", "GBP")
    assert found is not None
    exact = amount * Fraction(other) / Fraction(one)
    assert abs(found.amount_minor - exact) <= Fraction(1, 2)


@given(st.fractions())
def test_rounding_is_to_the_nearest_and_halves_go_away_from_zero(value: Fraction) -> None:
    rounded = round_half_up(value)
    assert abs(rounded - value) <= Fraction(1, 2)
    assert round_half_up(-value) == -rounded
    if abs(rounded - value) == Fraction(1, 2):
        assert abs(rounded) > abs(value)


@pytest.mark.parametrize(
    ("amount", "code", "words"),
    [
        (1840, "EUR", "€18.40"),
        (2953, "JPY", "¥2,953"),
        (19900, "SEK", "199.00 SEK"),
        (7_360_000, "ETH", "0.00736 ETH"),
        (-5, "USD", "-$0.05"),
    ],
)
def test_amounts_read_as_people_write_them(amount: int, code: str, words: str) -> None:
    assert format_amount(amount, code) == words
