"""A split sums to the whole, whatever the amount and the shares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.kernel.errors import Invalid
from souk.kernel.money import MAX_AMOUNT_MINOR, Money, check_amount, currency, split

amounts = st.integers(min_value=0, max_value=MAX_AMOUNT_MINOR)


@st.composite
def shares(draw: st.DrawFn) -> list[int]:
    cuts = sorted(draw(st.lists(st.integers(0, 10_000), min_size=0, max_size=8)))
    return [high - low for low, high in zip([0, *cuts], [*cuts, 10_000], strict=True)]


@given(amounts, shares())
def test_a_split_sums_to_the_whole_and_is_fair_to_one_unit(amount: int, parts: list[int]) -> None:
    divided = split(amount, parts)
    assert sum(divided) == amount
    for part, share in zip(divided, parts, strict=True):
        assert abs(part * 10_000 - amount * share) < 10_000


def test_the_published_premium_split() -> None:
    assert split(1_000_000, [8000, 1000, 500, 500]) == [800_000, 100_000, 50_000, 50_000]


def test_a_left_over_unit_goes_to_the_largest_remainder() -> None:
    assert split(101, [8500, 1000, 500]) == [86, 10, 5]


@pytest.mark.parametrize("parts", [[9999], [10_001], [-1, 10_001], []])
def test_shares_that_do_not_make_a_whole_are_refused(parts: list[int]) -> None:
    with pytest.raises(Invalid) as refused:
        split(100, parts)
    assert refused.value.code == "split_invalid"


@pytest.mark.parametrize("amount", [-1, 0, MAX_AMOUNT_MINOR + 1])
def test_amounts_outside_the_bounds_are_refused(amount: int) -> None:
    with pytest.raises(Invalid):
        check_amount(amount)


def test_money_reads_well() -> None:
    assert str(Money(123_450, "USD")) == "$1,234.50"
    assert str(Money(-99, "EUR")) == "-€0.99"
    assert str(Money(250_000_000, "ETH")) == "0.25 ETH"
    assert currency("MATIC").code == "POL"
