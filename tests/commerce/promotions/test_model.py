"""What a code takes off, and when it is good."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.commerce.orders.model import divide
from souk.commerce.promotions.model import Terms, check_good, check_request, discount_of, state_of
from souk.kernel.errors import Conflict, Invalid
from souk.kernel.money import MAX_AMOUNT_MINOR
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.promotions import PromotionRequest
from souk_client.contracts.works import SplitShare

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
prices = st.integers(1, MAX_AMOUNT_MINOR)


def terms(**fields: Any) -> Terms:
    values: dict[str, Any] = {
        "code": "SPRING",
        "listing_id": None,
        "percent_off": 25,
        "amount_off_minor": None,
        "currency": None,
        "minimum_price_minor": 0,
        "starts_at": NOW,
        "ends_at": None,
        "max_uses": None,
        "max_uses_per_buyer": None,
        "uses": 0,
        "ended_at": None,
    }
    return Terms(**{**values, **fields})


def good(found: Terms, **purchase: Any) -> int:
    values: dict[str, Any] = {
        "listing_id": "lst_1",
        "price_minor": 1999,
        "price_currency": "USD",
        "uses_of_buyer": 0,
        "now": NOW,
    }
    return check_good(found, **{**values, **purchase})


@given(prices, st.integers(1, 100))
def test_a_percentage_is_rounded_down_and_never_past_the_price(price: int, percent: int) -> None:
    discount = discount_of(price, percent_off=percent, amount_off_minor=None)
    assert 0 <= discount <= price
    assert discount * 100 <= price * percent < (discount + 1) * 100
    assert (discount == price) == (percent == 100)


@given(prices, st.integers(1, MAX_AMOUNT_MINOR))
def test_an_amount_takes_at_most_the_price(price: int, amount: int) -> None:
    assert discount_of(price, percent_off=None, amount_off_minor=amount) == min(price, amount)


@given(prices, st.integers(1, 99), st.integers(0, 10_000))
def test_the_split_divides_exactly_what_is_left(price: int, percent: int, points: int) -> None:
    paid = price - discount_of(price, percent_off=percent, amount_off_minor=None)
    plan = [
        SplitShare(role="creator", basis_points=points),
        SplitShare(role="platform", basis_points=10_000 - points),
    ]
    seller = OwnerRef(id="org_1", slug="s", name="S")
    shares = divide(paid, plan, creator=seller, affiliate=None, partners={})
    assert sum(share.amount_minor for share in shares) == paid


def test_the_example_of_the_documentation() -> None:
    assert good(terms()) == 499
    assert good(terms(percent_off=None, amount_off_minor=5000, currency="USD")) == 1999


@pytest.mark.parametrize(
    ("found", "purchase", "code"),
    [
        (terms(ended_at=NOW), {}, "promotion_over"),
        (terms(ends_at=NOW), {}, "promotion_over"),
        (terms(starts_at=NOW + timedelta(seconds=1)), {}, "promotion_not_started"),
        (terms(max_uses=3, uses=3), {}, "promotion_used_up"),
        (terms(max_uses_per_buyer=1), {"uses_of_buyer": 1}, "promotion_used_up"),
        (terms(listing_id="lst_2"), {}, "promotion_not_for_this"),
        (terms(currency="EUR"), {}, "promotion_not_for_this"),
        (terms(currency="USD", minimum_price_minor=2000), {}, "promotion_not_for_this"),
        (terms(percent_off=1), {"price_minor": 99}, "promotion_not_for_this"),
    ],
)
def test_a_code_that_is_not_good_says_why(
    found: Terms, purchase: dict[str, Any], code: str
) -> None:
    with pytest.raises(Conflict) as refusal:
        good(found, **purchase)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"percent_off": 5, "amount_off_minor": 5, "currency": "USD"},
        {"amount_off_minor": 5},
        {"percent_off": 5, "minimum_price_minor": 5},
        {"percent_off": 5, "ends_at": NOW},
        {"percent_off": 5, "starts_at": NOW + timedelta(2), "ends_at": NOW + timedelta(1)},
        {"percent_off": 5, "starts_at": NOW.replace(tzinfo=None)},
        {"percent_off": 5, "currency": "XXX"},
    ],
)
def test_what_is_no_promotion_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        check_request(PromotionRequest(code="SPRING", **fields), now=NOW)


def test_states_follow_the_clock_and_the_count() -> None:
    timed = terms(starts_at=NOW, ends_at=NOW + timedelta(days=1), max_uses=1)
    assert state_of(timed, now=NOW - timedelta(days=1)) == "scheduled"
    assert state_of(timed, now=NOW) == "active"
    assert state_of(timed, now=NOW + timedelta(days=1)) == "expired"
    assert state_of(terms(max_uses=1, uses=1), now=NOW) == "used_up"
