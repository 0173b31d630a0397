"""Buying with a wallet on the local chain: from the block with the payment to the licence."""

import itertools
import secrets
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import httpx
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from bench._harness import (
    Line,
    Percentiles,
    Section,
    bench_marketplace,
    format_duration,
    percentiles,
    signed_up,
)
from souk_client.contracts.chain_sales import ChainSale, ChainSaleRequest
from souk_client.contracts.works import ListingRequest, VersionFile
from souk_client.sdk import Souk

GOAL_S: Final = 2.0
LOOK_S: Final = 0.01
PATIENCE_S: Final = 180.0
HOW: Final = """
On a marketplace as `souk up` starts it, its edge nodes off, with its local chain (anvil, a block a
second): a buyer asks for an offer in ETH, signs the transaction of the answer, and sends it to the
chain's node. *After the block* is from the first moment at which the node shows the receipt to the
first at which the API shows the sale as paid, with order and licence; both are looked for every
10 ms. Nobody tells the marketplace of the payment: it reads the chain. One sale after another.
"""

T = TypeVar("T")


class _Node:
    """The local chain."""

    def __init__(self, port: int) -> None:
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)
        self._numbers = itertools.count(1)

    def ask(self, method: str, *parameters: object) -> Any:  # the method's own answer
        body = {
            "jsonrpc": "2.0",
            "id": next(self._numbers),
            "method": method,
            "params": list(parameters),
        }
        answer = self._http.post("/", json=body).raise_for_status().json()
        if "error" in answer:
            raise RuntimeError(str(answer["error"]))
        return answer["result"]


def run(*, quick: bool) -> Section:
    """Measures sales one after another."""
    count = 3 if quick else 40
    port = _free_port()
    with bench_marketplace(environment={"SOUK_CHAIN_LOCAL_PORT": str(port)}) as (market, _):
        node = _Node(port)
        wallet: LocalAccount = Account.create()
        node.ask("anvil_setBalance", wallet.address, hex(10**24))
        seller = signed_up(market, "chain-seller")
        listings = [_listing(seller) for _ in range(count)]
        buyer = signed_up(market, "chain-buyer")
        _until(lambda: buyer.chain_sales.quote(listings[0]).quotes, "the contracts")
        offers: list[float] = []
        after_block: list[float] = []
        from_click: list[float] = []
        for number, listing in enumerate(listings):
            started = time.monotonic()
            sale = buyer.chain_sales.open(
                ChainSaleRequest(
                    listing_id=listing, chain="local", currency="ETH", wallet=wallet.address
                )
            )
            offers.append(time.monotonic() - started)
            block, licence = _bought(node, buyer, sale, wallet, number)
            after_block.append(max(licence - block[1], 0.0))
            from_click.append(licence - block[0])
    shown = percentiles(after_block)
    click.echo(f"after the block: {_words(shown)}", err=True)
    return Section(
        title="Buying with a wallet",
        how=HOW,
        lines=[
            Line(
                what=f"the licence after the block with the payment, {count} sales",
                measured=_words(shown),
                promised=f"< {format_duration(GOAL_S)}",
                reached=max(after_block) < GOAL_S,
                bounded_by="how often the chain is looked at (SOUK_CHAIN_POLL_S, 250 ms), then "
                "the outbox",
            ),
            Line(
                what="from sending the transaction to the licence",
                measured=_words(percentiles(from_click)),
                beside="a block is made once a second",
            ),
            Line(
                what="a signed offer: checks, rate, EIP-712 signature",
                measured=_words(percentiles(offers)),
            ),
        ],
    )


def _bought(
    node: _Node, buyer: Souk, sale: ChainSale, wallet: LocalAccount, number: int
) -> tuple[tuple[float, float], float]:
    """When it was sent and in a block, and when the licence was there."""
    assert sale.pay is not None
    fields: dict[str, Any] = {
        "chainId": sale.pay.chain_id,
        "nonce": number,
        "to": to_checksum_address(sale.pay.to),
        "value": int(sale.pay.value),
        "data": sale.pay.data,
        "gas": 300_000,
        "maxFeePerGas": 10 * 10**9,
        "maxPriorityFeePerGas": 10**9,
    }
    raw = "0x" + bytes(wallet.sign_transaction(fields).raw_transaction).hex()
    seen: list[float] = []
    sent = time.monotonic()
    digest = node.ask("eth_sendRawTransaction", raw)

    def watch() -> None:
        _until(lambda: node.ask("eth_getTransactionReceipt", digest), "the block")
        seen.append(time.monotonic())

    watcher = threading.Thread(target=watch)
    watcher.start()
    _until(lambda: buyer.chain_sales.get(sale.id).licence_id, "the licence")
    licence = time.monotonic()
    watcher.join()
    return (sent, seen[0]), licence


def _listing(seller: Souk) -> str:
    slug = f"work-{secrets.token_hex(4)}"
    request = ListingRequest(
        kind="dataset", slug=slug, title=slug, licence="CC-BY-4.0", price_minor=2000
    )
    listing = seller.listings.create(request)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "data.txt")
        path.write_text(secrets.token_hex(40))
        artifact = seller.upload_file(path)
    files = [VersionFile(path="data.txt", sha256=artifact.sha256)]
    seller.listings.create_version(listing.id, version="1.0.0", files=files)
    return seller.listings.publish(listing.id).id


def _until(look: Callable[[], T], what: str) -> T:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := look()):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not come")
        time.sleep(LOOK_S)
    return found


def _words(found: Percentiles) -> str:
    parts = (("p50", found.p50), ("p99", found.p99))
    return ", ".join(f"{name} {format_duration(value)}" for name, value in parts)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
