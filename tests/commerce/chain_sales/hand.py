"""What the tests of sales on chains do: buy, look, wait for what follows."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from eth_account.signers.local import LocalAccount
from web3 import Web3

from souk.kernel.actor import Actor
from souk.kernel.ids import OrganisationId, UserId
from souk_client.contracts.chain_sales import ChainCall, ChainSale, ChainSaleRequest
from souk_client.sdk import Souk
from tests.chain import Chain
from tests.market import organisation_of, publish, sign_up
from tests.serving import Marketplace

T = TypeVar("T")
RATES = {"ETH": "0.0005", "GENX": "2.5"}
PATIENCE_S = 150.0


def until(look: Callable[[], T], wanted: Callable[[T], object]) -> T:
    """Looks until it is as wanted; fails when it never is."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = look()
        if wanted(found):
            return found
        assert time.monotonic() < deadline, f"it stayed {found}"
        time.sleep(0.05)


class Bazaar:
    """The marketplace, its chain, and people with wallets."""

    def __init__(self, *, market: Marketplace, node: Chain, environ: dict[str, str]) -> None:
        self.environ = environ
        self.market = market
        self.node = node
        self.base_url = market.base_url

    def is_ready(self) -> bool:
        """Whether is sold on the chain: a price in its coin needs no rate."""
        with sign_up(self.base_url) as probe:
            if not hasattr(self, "_probe"):
                self._probe = publish(probe, price_minor=10**6, currency="ETH")
            return bool(probe.chain_sales.quote(self._probe.id).quotes)

    def state_rates(self, admin: httpx.Client) -> None:
        body = {
            "source": "tests",
            "base": "USD",
            "as_of": datetime.now(UTC).date().isoformat(),
            "rates": [{"currency": code, "rate": rate} for code, rate in RATES.items()],
        }
        admin.put("/api/v1/rates", json=body).raise_for_status()

    def wallet(self, name: str) -> LocalAccount:
        """An account with coins, whose key is ours."""
        return self.node.account(name)

    def open(self, buyer: Souk, listing_id: str, wallet: LocalAccount, **more: Any) -> ChainSale:
        wish = {"chain": "local", "currency": "ETH", "wallet": wallet.address, **more}
        return buyer.chain_sales.open(ChainSaleRequest(listing_id=listing_id, **wish))

    def signed(
        self, wallet: LocalAccount, call: ChainCall, *, value: int | None = None, to: str = ""
    ) -> Any:
        """The raw transaction of a call, with its permit where it needs one."""
        data = call.data
        if call.permit is not None:
            permit = call.permit
            said = wallet.sign_message(encode_typed_data(full_message=_numbers(permit)))
            words = (
                int(permit["message"]["value"]),
                int(permit["message"]["deadline"]),
                said.v,
                said.r,
                said.s,
            )
            data += "".join(f"{word:064x}" for word in words)
        fields: dict[str, Any] = {
            "chainId": call.chain_id,
            "nonce": self.node.web3.eth.get_transaction_count(wallet.address),
            "to": Web3.to_checksum_address(to or call.to),
            "value": int(call.value) if value is None else value,
            "data": data,
            "gas": 400_000,
            "maxFeePerGas": 10 * 10**9,
            "maxPriorityFeePerGas": 10**9,
        }
        return wallet.sign_transaction(fields)

    def send(self, raw: Any) -> str:
        return "0x" + self.node.web3.eth.send_raw_transaction(
            raw.raw_transaction
        ).hex().removeprefix("0x")

    def pay(self, wallet: LocalAccount, sale: ChainSale) -> str:
        assert sale.pay is not None
        return self.send(self.signed(wallet, sale.pay))

    def settled(self, buyer: Souk, sale: ChainSale, *states: str) -> ChainSale:
        """The sale, once it is in one of these states."""
        wanted = states or ("confirmed", "final")
        return until(lambda: buyer.chain_sales.get(sale.id), lambda now: now.state in wanted)

    def explained(self, buyer: Souk, sale: ChainSale, words: str) -> ChainSale:
        """The sale, once it says so."""
        return until(lambda: buyer.chain_sales.get(sale.id), lambda now: words in now.problem)

    def bought(self, buyer: Souk, listing_id: str, name: str) -> tuple[ChainSale, LocalAccount]:
        """Offer, payment, order."""
        wallet = self.wallet(name)
        sale = self.open(buyer, listing_id, wallet)
        self.pay(wallet, sale)
        return self.settled(buyer, sale), wallet

    def owed(self, market: str, who: str) -> int:
        """What the contract owes an account in coins."""
        data = "0x" + (
            Web3.keccak(text="owed(address,address)")[:4].hex().removeprefix("0x")
            + f"{0:064x}"
            + who.lower().removeprefix("0x").rjust(64, "0")
        )
        return int(self.node.rpc("eth_call", {"to": market, "data": data}, "latest"), 16)

    def link(self, client: Souk, wallet: LocalAccount) -> None:
        """Proves that a wallet is the account's."""
        text = client.wallets.challenge(address=wallet.address, chain_id=1, purpose="link").message
        said = wallet.sign_message(encode_defunct(text=text))
        client.wallets.link(message=text, signature="0x" + bytes(said.signature).hex())


def new_account() -> LocalAccount:
    made: LocalAccount = Account.create()
    return made


def actor_of(client: Souk) -> Actor:
    """The caller as the access context would establish it."""
    me, own = client.account.get().user, OrganisationId(organisation_of(client))
    return Actor(
        user_id=UserId(me.id),
        organisation_id=own,
        memberships={own: "owner"},
        permissions=frozenset({"marketplace:buy"}),
    )


class Later:
    """A clock that is ahead."""

    def __init__(self, hours: int) -> None:
        self._ahead = timedelta(hours=hours)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead


def _numbers(permit: dict[str, Any]) -> dict[str, Any]:
    """eth-account wants numbers where wallets take decimal strings."""
    numeric = {f["name"] for f in permit["types"]["Permit"] if f["type"].startswith("uint")}
    message = {n: int(v) if n in numeric else v for n, v in permit["message"].items()}
    return {**permit, "message": message}
