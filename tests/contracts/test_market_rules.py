"""Whatever is sold, refunded, resold and withdrawn in whatever order: the money is whole."""

from itertools import pairwise
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run

from tests.chain import NATIVE, Reverted
from tests.contracts.conftest import Bazaar

QUIET = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
PEOPLE = ("ann", "ben", "cem", "dia")


@st.composite
def splits(draw: st.DrawFn) -> tuple[int, list[int]]:
    """A fee within its bound, and one to ten shares that make up the rest."""
    fee = draw(st.integers(0, 2000))
    count = draw(st.integers(1, 10))
    cuts = sorted(
        draw(st.lists(st.integers(0, 10_000 - fee), min_size=count - 1, max_size=count - 1))
    )
    edges = [0, *cuts, 10_000 - fee]
    return fee, [high - low for low, high in pairwise(edges)]


@given(split=splits(), price=st.integers(0, 2**64) | st.integers(0, 20))
@settings(max_examples=15, **QUIET)
def test_every_split_sums_to_the_price(
    bazaar: Bazaar, split: tuple[int, list[int]], price: int
) -> None:
    fee, parts = split
    number = bazaar.fresh()
    shares = bazaar.shares(**{f"p{number}-{i}": bps for i, bps in enumerate(parts)})
    treasury = bazaar.owed("treasury")
    offer = bazaar.offer(price=price, feeBps=fee, shares=shares)
    bazaar.chain.rpc("anvil_setBalance", bazaar.address("buyer"), hex(10**24))

    bazaar.buy(offer)

    owed = [bazaar.owed(f"p{number}-{i}") for i in range(len(parts))]
    assert sum(owed) + bazaar.owed("treasury") - treasury == price
    assert owed[1:] == [price * bps // 10_000 for bps in parts[1:]]
    assert 0 <= owed[0] - price * parts[0] // 10_000 <= len(parts)


class Trading(RuleBasedStateMachine):
    """Four people trade in coins and in a token on a market of their own; a model keeps books."""

    bazaar: ClassVar[Bazaar]

    def __init__(self) -> None:
        super().__init__()
        chain = self.bazaar.chain
        args = [self.bazaar.address(name) for name in ("owner", "registrar")]
        licences = chain.deploy("Licences", *args)
        market = chain.deploy(
            "Market",
            *args,
            self.bazaar.works.address,
            licences.address,
            self.bazaar.address("house"),
        )
        chain.send(licences.functions.nameMarket(market.address), "owner")
        self.own = Bazaar(
            chain=chain,
            works=self.bazaar.works,
            licences=licences,
            market=market,
            coin=self.bazaar.coin,
        )
        self.tokens = (NATIVE, self.bazaar.coin.address)
        self.work = self.bazaar.mint(creator=self.bazaar.address("ann"))
        for name in PEOPLE:
            chain.rpc("anvil_setBalance", self.own.address(name), hex(10**24))
            coin = self.bazaar.coin.functions
            chain.send(coin.transfer(self.own.address(name), 10**20), "owner")
            chain.send(coin.approve(market.address, 10**20), name)
        self.owed: dict[tuple[str, str], int] = {}
        self.held: dict[int, tuple[dict[str, Any], str, int]] = {}
        self.holders: dict[int, str] = {}

    def _credit(self, token: str, name: str, amount: int) -> None:
        self.owed[token, name] = self.owed.get((token, name), 0) + amount

    def _pay(self, offer: dict[str, Any]) -> None:
        price = offer["price"]
        fee = price * offer["feeBps"] // 10_000
        affiliate = price * offer["shares"][1]["bps"] // 10_000
        self._credit(offer["token"], "house", fee)
        self._credit(offer["token"], "cem", affiliate)
        self._credit(offer["token"], "ann", price - fee - affiliate)

    @rule(
        token=st.sampled_from((0, 1)),
        buyer=st.sampled_from(PEOPLE),
        price=st.integers(1, 10**9),
        fee=st.integers(0, 2000),
        window=st.sampled_from((0, 500)),
    )
    def buy(self, token: int, buyer: str, price: int, fee: int, window: int) -> None:
        offer = self.own.offer(
            workId=self.work,
            kind=1,
            transferable=True,
            token=self.tokens[token],
            price=price,
            feeBps=fee,
            refundWindow=window,
            shares=self.own.shares(ann=9500 - fee, cem=500),
        )
        self.own.buy(offer, buyer)
        self.holders[offer["licenceId"]] = buyer
        if window:
            self.held[offer["nonce"]] = (offer, buyer, self.own.chain.now() + window)
        else:
            self._pay(offer)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), who=st.sampled_from(PEOPLE))
    def refund(self, data: st.DataObject, who: str) -> None:
        nonce = data.draw(st.sampled_from(sorted(self.held)))
        offer, buyer, until = self.held[nonce]
        call = self.own.market.functions.refund(offer, self.own.address(buyer), until)
        moved = self.holders[offer["licenceId"]] != buyer
        # the next block is a second later
        closed = self.own.chain.now() + 1 >= until
        if who not in {buyer, "ann"} or closed or moved:
            with pytest.raises(Reverted):
                self.own.chain.send(call, who)
            return
        self.own.chain.send(call, who)
        del self.held[nonce], self.holders[offer["licenceId"]]
        self._credit(offer["token"], buyer, offer["price"])

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        nonce = data.draw(st.sampled_from(sorted(self.held)))
        offer, buyer, until = self.held[nonce]
        self.own.chain.pass_time(501)
        self.own.chain.send(
            self.own.market.functions.release(offer, self.own.address(buyer), until), "dia"
        )
        del self.held[nonce]
        self._pay(offer)

    @precondition(lambda self: self.holders)
    @rule(data=st.data(), buyer=st.sampled_from(PEOPLE), price=st.integers(0, 10**9))
    def resell(self, data: st.DataObject, buyer: str, price: int) -> None:
        licence = data.draw(st.sampled_from(sorted(self.holders)))
        seller = self.holders[licence]
        ask = {
            "nonce": self.own.fresh(),
            "licenceId": licence,
            "seller": self.own.address(seller),
            "buyer": NATIVE,
            "token": NATIVE,
            "price": price,
            "maxFeeBps": 0,
            "maxRoyaltyBps": 1000,
            "deadline": 2**60,
        }
        chain, market = self.own.chain, self.own.market
        chain.send(self.own.licences.functions.approve(market.address, licence), seller)
        call = market.functions.buyResale(ask, chain.sign(seller, market, "Ask", ask), price, b"")
        chain.send(call, buyer, price)
        self.holders[licence] = buyer
        self._credit(NATIVE, "ann", price // 10)
        self._credit(NATIVE, seller, price - price // 10)

    @rule(token=st.sampled_from((0, 1)), who=st.sampled_from((*PEOPLE, "house")))
    def withdraw(self, token: int, who: str) -> None:
        address = self.tokens[token]
        call = self.own.market.functions.withdraw(address, self.own.address("elsewhere"))
        if not self.owed.get((address, who)):
            with pytest.raises(Reverted, match="NothingOwed"):
                self.own.chain.send(call, who)
            return
        self.own.chain.send(call, who)
        self.owed[address, who] = 0

    @invariant()
    def what_is_there_is_what_is_owed_or_held(self) -> None:
        for token in self.tokens:
            there = (
                self.own.chain.web3.eth.get_balance(self.own.market.address)
                if token == NATIVE
                else self.own.coin.functions.balanceOf(self.own.market.address).call()
            )
            held = sum(
                offer["price"] for offer, _, _ in self.held.values() if offer["token"] == token
            )
            owed = sum(amount for (kind, _), amount in self.owed.items() if kind == token)
            assert there == held + owed

    @invariant()
    def the_contract_says_what_the_books_say(self) -> None:
        for (token, name), amount in self.owed.items():
            assert self.own.owed(name, token) == amount


def test_money_is_whole_whatever_happens(bazaar: Bazaar) -> None:
    Trading.bazaar = bazaar
    phases = (
        Phase.generate,
    )  # shrinking a failure would take minutes; its steps are printed anyway
    run(Trading, settings=settings(max_examples=4, stateful_step_count=10, phases=phases, **QUIET))
