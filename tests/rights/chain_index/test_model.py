"""Logs are read as the contracts' ABI says, and nothing else is taken for one."""

import json

import pytest
from eth_utils.crypto import keccak

from souk.rights.chain_index.events import KINDS
from souk.rights.chain_index.model import ANNOUNCED, Log, LogUnreadable, found_in, may_hold, topics
from tests.chain import PACKAGED

MARKET = "0x" + "ab" * 20


def log(*topics: str, data: str = "0x", address: str = MARKET) -> Log:
    return Log(
        address=address,
        topics=topics,
        data=data,
        block_number="0x1",
        block_hash="0x" + "11" * 32,
        transaction_hash="0x" + "22" * 32,
        log_index="0x0",
    )


def topic(signature: str) -> str:
    return "0x" + keccak(text=signature).hex()


def test_every_event_is_one_of_its_contract() -> None:
    for one in ANNOUNCED:
        abi = json.loads((PACKAGED / f"{one.contract}.json").read_text())["abi"]
        (entry,) = [e for e in abi if e["type"] == "event" and e["name"] == one.event]
        assert [(i["type"], i["indexed"]) for i in entry["inputs"]] == [
            (field.type, field.indexed) for field in one.fields
        ]
    assert len(topics()) == len(ANNOUNCED)


def test_every_kind_of_fact_is_announced_with_its_fields() -> None:
    assert {one.kind for one in ANNOUNCED} == set(KINDS)
    for one in ANNOUNCED:
        said = set(KINDS[one.kind].__struct_fields__)
        assert {field.name for field in one.fields} <= said


def test_a_sale_is_read() -> None:
    words = [7, int("cd" * 20, 16), 10**20, 0]
    found = found_in(
        log(
            topic("Sold(uint256,uint256,address,uint256,address,uint256,uint64)"),
            *("0x" + f"{value:064x}" for value in (1, 2, 3)),
            data="0x" + "".join(f"{word:064x}" for word in words),
        ),
        contracts={MARKET: "Market"},
    )
    assert found is not None
    assert found.kind == "Sold"
    assert found.key == "0x" + f"{1:064x}"
    assert found.arguments["buyer"] == "0x" + f"{3:040x}"
    assert found.arguments["price"] == str(10**20)
    assert found.arguments["refund_until"] is None


def test_what_others_announce_is_nothing() -> None:
    released = topic("Released(uint256)")
    assert found_in(log(released, "0x" + "0" * 64), contracts={MARKET: "Works"}) is None
    assert found_in(log(released, "0x" + "0" * 64), contracts={}) is None
    assert found_in(log(), contracts={MARKET: "Market"}) is None
    assert found_in(log(topic("Paused(address)")), contracts={MARKET: "Market"}) is None


@pytest.mark.parametrize(
    ("more", "data"),
    [((), "0x"), (("0x" + "0" * 64, "0x" + "0" * 64), "0x"), (("0x12",), "0x")],
)
def test_a_log_of_another_form_is_refused(more: tuple[str, ...], data: str) -> None:
    with pytest.raises(LogUnreadable):
        found_in(log(topic("Released(uint256)"), *more, data=data), contracts={MARKET: "Market"})


def test_making_a_token_is_no_transfer() -> None:
    known = {MARKET: "Licences"}
    transfer = topic("Transfer(address,address,uint256)")
    nobody, somebody, token = (f"0x{value:064x}" for value in (0, 5, 9))
    assert found_in(log(transfer, nobody, somebody, token), contracts=known) is None
    assert found_in(log(transfer, somebody, nobody, token), contracts=known) is None
    found = found_in(log(transfer, somebody, somebody, token), contracts=known)
    assert found is not None
    assert found.key == token


def test_an_empty_filter_holds_nothing() -> None:
    assert not may_hold("0x", MARKET)
    assert not may_hold("0x" + "00" * 256, MARKET)
    assert may_hold("0x" + "ff" * 256, MARKET)
