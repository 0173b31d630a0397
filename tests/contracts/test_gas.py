"""What things cost on chain: within what is promised, and as recorded in contracts/gas.json."""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from eth_abi import encode

from tests.chain import CONTRACTS, NATIVE
from tests.contracts.conftest import Bazaar
from tests.contracts.test_market import WORK

RECORD = CONTRACTS / "gas.json"
"""Rewritten by SOUK_RECORD_GAS=1."""
PROMISED = {
    "mint a work": 200_000,
    "split sale, first": 150_000,
    "split sale, repeated": 75_000,
    "anchor": 50_000,
}
TOLERANCE = 0.005
"""Signatures have more or fewer zero bytes, which cost less."""


@pytest.fixture(scope="module")
def measured(bazaar: Bazaar) -> Iterator[dict[str, int]]:
    chain = bazaar.chain
    gas: dict[str, int] = {}
    addresses = [bazaar.address(name) for name in ("owner", "registrar")]
    works, licences = chain.deploy("Works", *addresses), chain.deploy("Licences", *addresses)
    args = (works.address, licences.address, bazaar.address("till"))
    market = chain.deploy("Market", *addresses, *args)
    chain.send(licences.functions.nameMarket(market.address), "owner")
    own = Bazaar(chain=chain, works=works, licences=licences, market=market, coin=bazaar.coin)

    voucher = own.work_voucher(workId=2**255 + 1)
    signature = chain.sign("registrar", works, "WorkVoucher", voucher)
    gas["mint a work"] = chain.gas_of(works.functions.redeem(voucher, signature), "anybody")

    def sell(number: int, **changes: Any) -> int:
        offer = own.offer(
            nonce=1000 + number,
            workId=2**255 + 1,
            licenceId=2**255 + number,
            price=10**18,
            deadline=2**40,
            shares=own.shares(**{"gas-creator": 8500, "gas-affiliate": 500}),
            **changes,
        )
        value = offer["price"] if offer["token"] == NATIVE else 0
        return chain.gas_of(own.buying(offer, work=changes.pop("work", b"")), "gas-buyer", value)

    gas["split sale, first"] = sell(1)
    gas["split sale, repeated"] = sell(2)
    gas["sale held for refunds"] = sell(3, refundWindow=86400)
    gas["sale with licence, first of a buyer"] = sell(4, kind=1)
    gas["sale with licence, repeated"] = sell(5, kind=2, duration=86400)
    chain.send(bazaar.coin.functions.transfer(own.address("gas-buyer"), 10**19), "owner")
    chain.send(bazaar.coin.functions.approve(market.address, 10**19), "gas-buyer")
    gas["split sale in a token, first"] = sell(6, token=bazaar.coin.address)
    gas["split sale in a token, repeated"] = sell(7, token=bazaar.coin.address)

    other = own.work_voucher(workId=2**255 + 2)
    sealed = chain.sign("registrar", works, "WorkVoucher", other)
    work = encode([WORK, "bytes"], [tuple(other.values()), sealed])
    offer = own.offer(nonce=1008, workId=2**255 + 2, licenceId=2**255 + 8, kind=1, price=10**18)
    call = own.buying(offer, work=work)
    gas["sale that mints work and licence"] = chain.gas_of(call, "gas-buyer", 10**18)

    withdraw = market.functions.withdraw(NATIVE, own.address("gas-creator"))
    gas["withdraw"] = chain.gas_of(withdraw, "gas-creator")

    anchor = chain.deploy("Anchor")
    gas["anchor"] = max(
        chain.gas_of(anchor.functions.anchor(2**40 + n, bytes([n + 1]) * 32), "log")
        for n in range(2)
    )
    if os.environ.get("SOUK_RECORD_GAS"):
        RECORD.write_text(json.dumps(gas, indent=2) + "\n")
    yield gas


@pytest.mark.parametrize("what", list(PROMISED))
def test_it_costs_no_more_than_promised(measured: dict[str, int], what: str) -> None:
    assert measured[what] <= PROMISED[what]


def test_it_costs_what_is_recorded(measured: dict[str, int]) -> None:
    recorded = json.loads(RECORD.read_text())

    assert measured == {name: pytest.approx(gas, rel=TOLERANCE) for name, gas in recorded.items()}
