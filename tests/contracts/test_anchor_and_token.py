"""Anchors of logs, and the marketplace's own tokens."""

import pytest

from tests.chain import Reverted
from tests.contracts.conftest import Bazaar


def test_a_head_is_written_once_for_its_own_log(bazaar: Bazaar) -> None:
    chain = bazaar.chain
    anchor = chain.deploy("Anchor")
    root = b"\x07" * 32
    log, other = bazaar.address("log"), bazaar.address("stranger")

    receipt = chain.send(anchor.functions.anchor(5, root), "log")
    first = anchor.functions.anchoredAt(log, 5, root).call()
    again = chain.send(anchor.functions.anchor(5, root), "log")

    assert first == int(
        chain.rpc("eth_getBlockByNumber", receipt["blockNumber"], False)["timestamp"], 16
    )
    assert len(receipt["logs"]) == 1
    assert again["logs"] == []
    assert anchor.functions.anchoredAt(log, 5, root).call() == first
    for who, size, what in ((other, 5, root), (log, 6, root), (log, 5, b"\x08" * 32)):
        assert anchor.functions.anchoredAt(who, size, what).call() == 0
    with pytest.raises(Reverted, match="SizeMissing"):
        chain.send(anchor.functions.anchor(0, root), "log")


@pytest.mark.parametrize(("name", "symbol"), [("Genx", "GENX"), ("Fortunes", "FTNS")])
def test_all_tokens_are_made_at_the_beginning(bazaar: Bazaar, name: str, symbol: str) -> None:
    token = bazaar.chain.deploy("PlatformToken", name, symbol, 10**27, bazaar.address("owner"))
    doors = {
        entry["name"]
        for entry in token.abi
        if entry["type"] == "function" and entry["stateMutability"] == "nonpayable"
    }

    assert token.functions.symbol().call() == symbol
    assert token.functions.totalSupply().call() == 10**27
    assert doors == {"approve", "permit", "transfer", "transferFrom"}
