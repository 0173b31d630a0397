"""Amounts as people type them become minor units exactly, or a clear word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.kernel.money import CURRENCIES, MAX_AMOUNT_MINOR, Money, format_money
from souk.web.amounts import AmountUnreadable, read_amount


@pytest.mark.parametrize(
    ("text", "code", "minor"),
    [
        ("19", "USD", 1900),
        ("19.9", "USD", 1990),
        ("$1,900.50", "USD", 190050),
        ("0", "EUR", 0),
        ("0.000000001", "ETH", 1),
        ("1 000", "USD", 100000),
    ],
)
def test_what_people_type(text: str, code: str, minor: int) -> None:
    assert read_amount(text, code) == minor


@pytest.mark.parametrize(
    "text", ["", "abc", "-1", "1.999", "NaN", "Infinity", "1e30", "--2", "1.2.3"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(AmountUnreadable):
        read_amount(text, "USD")


@given(st.integers(0, MAX_AMOUNT_MINOR), st.sampled_from(sorted(CURRENCIES)))
def test_an_amount_as_shown_reads_back_as_itself(minor: int, code: str) -> None:
    shown = format_money(Money(minor, code)).removesuffix(code).strip()
    assert read_amount(shown, code) == minor
