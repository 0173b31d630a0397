"""Rules of sales on chains, without a chain."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.commerce.chain_sales.model import (
    MAX_FEE_BPS,
    MAX_SHARES,
    Seen,
    SentTransaction,
    Wanted,
    contradictions,
    divided,
    is_refundable,
    judged,
    nonce_of,
    price_in,
    units_of,
)
from souk.commerce.orders.api import Share
from souk_client.contracts.base import OwnerRef

TREASURY = "0x" + "fe" * 20
MARKET, WALLET, NATIVE = "0x" + "aa" * 20, "0x" + "bb" * 20, "0x" + "00" * 20
NONCE = nonce_of("ab" * 16, 7)
WANTED = Wanted(market=MARKET, wallet=WALLET, token=NATIVE, price_units=10**15)


def share(role: str, bps: int, who: str | None = None) -> Share:
    owner = OwnerRef(id=who, slug=who, name=who) if who else None
    return Share(role=role, organisation=owner, basis_points=bps, amount_minor=bps)


@st.composite
def plans(draw: st.DrawFn) -> list[Share]:
    cuts = sorted(draw(st.lists(st.integers(0, 10_000), max_size=14)))
    parts = [b - a for a, b in zip([0, *cuts], [*cuts, 10_000], strict=True)]
    roles = draw(
        st.lists(
            st.sampled_from(["creator", "platform", "partner", "compliance"]),
            min_size=len(parts),
            max_size=len(parts),
        )
    )
    return [
        share(role, bps, None if role in ("platform", "compliance") else f"org{number}")
        for number, (role, bps) in enumerate(zip(roles, parts, strict=True))
    ]


@given(plan=plans(), linked=st.sets(st.integers(0, 14)))
def test_every_split_becomes_one_that_the_contract_takes(
    plan: list[Share], linked: set[int]
) -> None:
    wallets = {f"org{number}": f"0x{number + 1:040x}" for number in linked}
    division = divided(plan, wallets, treasury=TREASURY)
    assert division.fee_bps + sum(payee.bps for payee in division.payees) == 10_000
    assert division.fee_bps <= MAX_FEE_BPS
    assert 1 <= len(division.payees) <= MAX_SHARES
    accounts = [payee.account for payee in division.payees]
    assert len(set(accounts)) == len(accounts)
    # Whoever is paid on the chain gets there what the plan gives, and nobody else does.
    for payee in division.payees:
        if payee.account != TREASURY:
            owed = sum(
                s.basis_points
                for s in plan
                if s.organisation and wallets.get(s.organisation.id) == payee.account
            )
            assert payee.bps == owed
    assert all(who in wallets for who in division.direct)


def test_the_creator_comes_first_and_gets_what_rounding_leaves() -> None:
    plan = [share("platform", 1000), share("partner", 500, "p"), share("creator", 8500, "c")]
    division = divided(plan, {"c": WALLET, "p": MARKET}, treasury=TREASURY)
    assert [(p.account, p.bps) for p in division.payees] == [(WALLET, 8500), (MARKET, 500)]
    assert (division.fee_bps, division.direct) == (1000, ("c", "p"))
    unlinked = divided(plan, {}, treasury=TREASURY)
    assert [(p.account, p.bps) for p in unlinked.payees] == [(TREASURY, 9000)]
    assert unlinked.direct == ()


@given(
    price=st.integers(1, 10**9),
    rate=st.fractions(min_value=Fraction(1, 10**6), max_value=10**6),
)
def test_a_price_is_never_less_than_listed_and_at_most_a_unit_more(
    price: int, rate: Fraction
) -> None:
    minor = price_in(price, rate, digits=2, to_digits=9)
    exact = price * rate * 10**7
    assert exact <= minor < exact + 1


def test_amounts_on_the_chain_are_exact() -> None:
    assert units_of(123_456_789, digits=9) == 123_456_789 * 10**9
    assert units_of(1, digits=6) == 10**12
    with pytest.raises(ValueError, match="decimals"):
        units_of(1, digits=9, decimals=6)


def test_offers_of_one_marketplace_are_neighbours_and_those_of_two_never_meet() -> None:
    first, second = (int(nonce_of("0f" * 16, n), 16) for n in (1, 2))
    assert second == first + 1
    assert nonce_of("0e" * 16, 1) != nonce_of("0f" * 16, 1)
    assert len(nonce_of("ff" * 16, 2**63 - 1)) == 66


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ""),
        ({"contract": WALLET}, "the contract"),
        ({"buyer": MARKET}, "the buyer"),
        ({"token": WALLET}, "the token"),
        ({"price": "999"}, "the price"),
    ],
)
def test_a_node_that_lies_is_caught(changes: dict[str, str], words: str) -> None:
    told = {"contract": MARKET, "buyer": WALLET, "token": NATIVE, "price": str(10**15)}
    wrong = contradictions(Seen(**{**told, **changes}), WANTED)
    assert wrong.startswith(words) if words else wrong == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (None, "does not know this transaction"),
        ({"recipient": WALLET}, "not to the market"),
        ({"sender": MARKET}, "can only be paid by"),
        ({"data": "0x12345678" + NONCE[2:]}, "something else"),
        ({"data": "0xaaaaaaaa" + "00" * 32}, "something else"),
        ({"value": 1}, "pays less than the price"),
        ({"value": 10**16, "worked": False}, "pays more than the price"),
        ({"worked": False}, "failed on the chain"),
        ({"worked": True}, ""),
        ({}, ""),
    ],
)
def test_buyers_hear_what_is_wrong_with_what_they_sent(
    changes: dict[str, object] | None, words: str
) -> None:
    right = {
        "sender": WALLET,
        "recipient": MARKET,
        "value": 10**15,
        "data": "0xaaaaaaaa" + NONCE[2:],
        "worked": None,
    }
    sent = None if changes is None else SentTransaction(**{**right, **changes})  # type: ignore[arg-type]  # by name
    said = judged(sent, WANTED, selector="0xaaaaaaaa", nonce=NONCE)
    assert words in said if words else said == ""


def test_money_comes_back_only_while_the_contract_holds_it() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    later = now + timedelta(hours=1)
    assert is_refundable(state="final", now=now, refund_until=later, released=False)
    assert not is_refundable(state="final", now=later, refund_until=later, released=False)
    assert not is_refundable(state="final", now=now, refund_until=None, released=False)
    assert not is_refundable(state="final", now=now, refund_until=later, released=True)
    assert not is_refundable(state="refunded", now=now, refund_until=later, released=False)
