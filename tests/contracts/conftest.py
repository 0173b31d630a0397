"""One chain and one set of contracts for all tests of a process: use names of your own on it."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.chain import NATIVE, Chain, build_contracts, running_chain

_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever needs compiled contracts is left out of the quick checks, and may take its time: the
    first one compiles them."""
    for item in items:
        if "contracts" in getattr(item, "fixturenames", ()):
            item.add_marker("slow")
            item.add_marker(pytest.mark.timeout(400))


@dataclass(kw_only=True)
class Bazaar:
    """The contracts, put together, and the words of their vouchers."""

    chain: Chain
    works: Any
    licences: Any
    market: Any
    coin: Any
    """A well-behaved ERC-20 token with permit; `owner` has all of it."""
    terms: dict[str, Any] = field(default_factory=dict)

    def address(self, name: str) -> str:
        return str(self.chain.account(name).address)

    def fresh(self) -> int:
        """A number that was never used: for works, licences and nonces."""
        return next(_numbers)

    def offer(self, **changes: Any) -> dict[str, Any]:
        """An offer over a coin at the standard split: 85, 5 and 10 for the treasury."""
        offer = {
            "nonce": self.fresh(),
            "workId": self.fresh(),
            "licenceId": self.fresh(),
            "kind": 0,
            "transferable": False,
            "duration": 0,
            "uses": 0,
            "buyer": NATIVE,
            "token": NATIVE,
            "price": 1_000_003,
            "feeBps": 1000,
            "refundWindow": 0,
            "deadline": self.chain.now() + 10**9,
            "shares": self.shares(creator=8500, affiliate=500),
        }
        return {**offer, **changes}

    def shares(self, **bps: int) -> list[dict[str, Any]]:
        return [{"account": self.address(name), "bps": part} for name, part in bps.items()]

    def buying(
        self,
        offer: dict[str, Any],
        *,
        signer: str = "registrar",
        max_price: int | None = None,
        work: bytes = b"",
        permit: bytes = b"",
    ) -> Any:
        signature = self.chain.sign(signer, self.market, "Offer", offer)
        most = offer["price"] if max_price is None else max_price
        return self.market.functions.buy(offer, signature, most, work, permit)

    def buy(self, offer: dict[str, Any], buyer: str = "buyer", **options: Any) -> dict[str, Any]:
        value = offer["price"] if offer["token"] == NATIVE else 0
        return self.chain.send(self.buying(offer, **options), buyer, value)

    def mint(self, **changes: Any) -> int:
        """A work with its token; 10 % royalty unless said otherwise."""
        voucher = self.work_voucher(**changes)
        signature = self.chain.sign("registrar", self.works, "WorkVoucher", voucher)
        self.chain.send(self.works.functions.redeem(voucher, signature), "anybody")
        return int(voucher["workId"])

    def work_voucher(self, **changes: Any) -> dict[str, Any]:
        voucher = {
            "workId": self.fresh(),
            "creator": self.address("creator"),
            "royaltyBps": 1000,
            "contentHash": b"\x11" * 32,
            "metadata": b"\xab" * 32,
            "deadline": self.chain.now() + 10**9,
        }
        return {**voucher, **changes}

    def licence(self, holder: str = "buyer", **changes: Any) -> int:
        """A perpetual transferable licence that the market sold to this holder."""
        terms = {"kind": 1, "transferable": True, "workId": self.mint(), **changes}
        offer = self.offer(**terms)
        self.buy(offer, holder)
        return int(offer["licenceId"])

    def owed(self, name: str, token: str = NATIVE) -> int:
        return int(self.market.functions.owed(token, self.address(name)).call())


@pytest.fixture(scope="session")
def bazaar(chain: Chain) -> Bazaar:
    """Works, licences and a market that know each other."""
    owner, registrar, treasury = (
        chain.account(n).address for n in ("owner", "registrar", "treasury")
    )
    works = chain.deploy("Works", owner, registrar)
    licences = chain.deploy("Licences", owner, registrar)
    market = chain.deploy("Market", owner, registrar, works.address, licences.address, treasury)
    chain.send(licences.functions.nameMarket(market.address), "owner")
    coin = chain.deploy("PlatformToken", "Genx", "GENX", 10**30, owner)
    return Bazaar(chain=chain, works=works, licences=licences, market=market, coin=coin)


@pytest.fixture(scope="session")
def contracts() -> None:
    """Compiled, and the same as those that are packaged."""
    build_contracts()


@pytest.fixture(scope="session")
def chain(contracts: None) -> Iterator[Chain]:
    """A chain that mines every transaction at once."""
    with running_chain() as running:
        yield running
