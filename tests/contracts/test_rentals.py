"""Rentals: what was not earned goes back, whatever anybody does or fails to do."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.chain import NATIVE, Reverted
from tests.contracts.conftest import Bazaar

HOUR = 3600
PRICE = 1_003


@pytest.fixture(scope="module")
def escrow(bazaar: Bazaar) -> Any:
    addresses = [bazaar.address(name) for name in ("owner", "arbiter", "house")]
    return bazaar.chain.deploy("RentalEscrow", *addresses, 500)


class Rental:
    """A funded rental of its own parties."""

    def __init__(self, bazaar: Bazaar, escrow: Any, hours: int = 10, token: str = NATIVE) -> None:
        self.chain, self.escrow, self.token = bazaar.chain, escrow, token
        number = bazaar.fresh()
        self.renter, self.provider = f"renter-{number}", f"provider-{number}"
        self.addresses = {n: bazaar.address(n) for n in (self.renter, self.provider, "house")}
        self.house_before = self.owed("house")
        self.paid = PRICE * hours
        call = escrow.functions.fund(
            b"\x01" * 32,
            self.addresses[self.provider],
            token,
            PRICE,
            hours,
            self.chain.now() + HOUR,
            500,
        )
        self.chain.send(call, self.renter, self.paid)
        self.id = escrow.functions.rentalId(self.addresses[self.renter], b"\x01" * 32).call()
        with pytest.raises(Reverted, match="TakenAlready"):
            self.chain.send(call, self.renter, self.paid)

    def do(self, what: str, who: str, *more: int) -> None:
        self.chain.send(self.escrow.functions[what](self.id, *more), who)

    def owed(self, name: str) -> int:
        return int(self.escrow.functions.owed(self.token, self.addresses[name]).call())

    def state(self) -> int:
        return int(self.escrow.functions.rental(self.id).call()[9])

    def assert_closed(self, hours_paid: int) -> None:
        assert self.state() == 4
        earned = PRICE * hours_paid
        house = self.owed("house") - self.house_before
        assert self.owed(self.provider) + house == earned
        assert house <= earned * 5 // 100
        assert self.owed(self.renter) == self.paid - earned


def test_hours_are_released_as_they_pass(bazaar: Bazaar, escrow: Any) -> None:
    rental = Rental(bazaar, escrow)
    with pytest.raises(Reverted, match="NotAParty"):
        rental.do("accept", rental.renter)
    rental.do("accept", rental.provider)

    bazaar.chain.pass_time(2 * HOUR)  # the second hour can still be complained about
    rental.do("release", "anybody")
    assert rental.owed(rental.provider) == PRICE - PRICE * 5 // 100
    with pytest.raises(Reverted, match="TooEarly"):
        rental.do("release", "anybody")
    bazaar.chain.pass_time(20 * HOUR)
    rental.do("release", "anybody")

    rental.assert_closed(10)


def test_a_renter_who_stops_pays_for_the_hour_that_began(bazaar: Bazaar, escrow: Any) -> None:
    rental = Rental(bazaar, escrow)
    rental.do("accept", rental.provider)
    bazaar.chain.pass_time(2 * HOUR + 60)

    with pytest.raises(Reverted, match="NotAParty"):
        rental.do("stop", "stranger")
    rental.do("stop", rental.renter)

    rental.assert_closed(3)


def test_a_provider_who_stops_gets_what_is_beyond_complaint(bazaar: Bazaar, escrow: Any) -> None:
    rental = Rental(bazaar, escrow)
    rental.do("accept", rental.provider)
    bazaar.chain.pass_time(3 * HOUR + 60)

    rental.do("stop", rental.provider)

    rental.assert_closed(2)


def test_nobody_accepts_and_the_renter_has_it_back(bazaar: Bazaar, escrow: Any) -> None:
    rental = Rental(bazaar, escrow)
    with pytest.raises(Reverted, match="TooEarly"):
        rental.do("cancel", rental.renter)
    bazaar.chain.pass_time(HOUR + 1)
    with pytest.raises(Reverted, match="TooLate"):
        rental.do("accept", rental.provider)

    rental.do("cancel", "anybody")

    rental.assert_closed(0)
    with pytest.raises(Reverted, match="NotNow"):
        rental.do("cancel", "anybody")


def test_the_arbiter_divides_and_takes_nothing_back(bazaar: Bazaar, escrow: Any) -> None:
    rental = Rental(bazaar, escrow)
    rental.do("accept", rental.provider)
    bazaar.chain.pass_time(4 * HOUR)
    rental.do("release", "anybody")
    rental.do("dispute", rental.renter)

    for what, who in (("release", "anybody"), ("stop", rental.provider)):
        with pytest.raises(Reverted, match="NotNow"):
            rental.do(what, who)
    with pytest.raises(Reverted, match="NotAParty"):
        rental.do("resolve", rental.provider, 10)
    for hours in (2, 11):
        with pytest.raises(Reverted, match="HoursOutOfRange"):
            rental.do("resolve", "arbiter", hours)
    rental.do("resolve", "arbiter", 3)

    rental.assert_closed(3)


def test_a_silent_arbiter_does_not_keep_the_money(bazaar: Bazaar, escrow: Any) -> None:
    rental = Rental(bazaar, escrow)
    rental.do("accept", rental.provider)
    bazaar.chain.pass_time(4 * HOUR + 60)
    rental.do("dispute", rental.provider)
    with pytest.raises(Reverted, match="TooEarly"):
        rental.do("expire", "anybody")
    bazaar.chain.pass_time(14 * 24 * HOUR)

    rental.do("expire", "anybody")

    rental.assert_closed(4)


def test_terms_that_make_no_sense_are_refused(bazaar: Bazaar, escrow: Any) -> None:
    soon, provider = bazaar.chain.now() + HOUR, bazaar.address("provider")
    good = (b"\x02" * 32, provider, NATIVE, PRICE, 10, soon, 500)
    for at, wrong in (
        (1, NATIVE),
        (1, bazaar.address("renter")),
        (3, 0),
        (4, 0),
        (4, 8785),
        (5, 1),
        (6, 499),
    ):
        terms = [*good[:at], wrong, *good[at + 1 :]]
        with pytest.raises(Reverted, match="TermsWrong"):
            bazaar.chain.send(escrow.functions.fund(*terms), "renter", PRICE * 10)
    for value in (PRICE * 10 - 1, PRICE * 10 + 1):
        with pytest.raises(Reverted, match="PaidNotExactly"):
            bazaar.chain.send(escrow.functions.fund(*good), "renter", value)
    with pytest.raises(Reverted, match="TermsWrong"):
        bazaar.chain.send(
            escrow.functions.setTerms(bazaar.address("arbiter"), bazaar.address("house"), 2001),
            "owner",
        )


STEPS = st.tuples(
    st.sampled_from(["accept", "release", "stop", "dispute", "resolve", "expire", "cancel"]),
    st.sampled_from(["renter", "provider", "arbiter", "anybody"]),
    st.integers(0, 3 * HOUR) | st.just(15 * 24 * HOUR),
    st.integers(0, 4),
)


@given(steps=st.lists(STEPS, min_size=3, max_size=9))
@settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_any_order_of_steps_keeps_the_money_whole(
    bazaar: Bazaar, escrow: Any, steps: list[tuple[str, str, int, int]]
) -> None:
    rental = Rental(bazaar, escrow, hours=4)
    names = {"renter": rental.renter, "provider": rental.provider}
    for what, who, wait_s, hours in steps:
        bazaar.chain.pass_time(max(wait_s, 1))
        try:
            rental.do(what, names.get(who, who), *([hours] if what == "resolve" else []))
        except Reverted:
            continue

    _, _, _, _, _, released, _, _, _, state, _ = escrow.functions.rental(rental.id).call()
    house = rental.owed("house") - rental.house_before
    assert rental.owed(rental.provider) + house == PRICE * released
    assert rental.owed(rental.renter) == (rental.paid - PRICE * released if state == 4 else 0)
