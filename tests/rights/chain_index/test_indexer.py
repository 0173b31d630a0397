"""What the contracts announce is read once, and taken back when the chain takes it back."""

from typing import Any

import pytest

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.rights.chain.rpc import ChainUnreachable, RpcError
from souk.rights.chain_index.facts import FactBook
from souk.rights.chain_index.indexer import Indexer
from souk.rights.chain_index.store import cursor
from tests.chain import NATIVE, Chain
from tests.contracts.conftest import Bazaar
from tests.rights.chain_index.conftest import Index, Refusal, proxied, read_all

pytestmark = pytest.mark.database


class Killed(Exception):
    """The process ends here."""


def word(number: int) -> str:
    return f"0x{number:064x}"


async def announced(database: Database, key: str) -> list[tuple[str, str]]:
    """What was said about a sale: kind and stage, in order."""
    async with database.transaction(SYSTEM, read_only=True) as uow:
        rows = await uow.dicts(
            "SELECT topic, payload->>'stage' AS stage FROM infra.events "
            "WHERE payload->>'nonce' = %(key)s OR payload->>'licence_id' = %(key)s ORDER BY id",
            key=key,
        )
    return [(str(row["topic"]).removeprefix("rights.chain_"), str(row["stage"])) for row in rows]


async def facts(
    database: Database, indexer: Indexer, kind: str, number: int, *, undone: bool = False
) -> Any:
    network = await indexer._rpc.identify()
    async with database.transaction(SYSTEM, read_only=True) as uow:
        return await FactBook().of(uow, kind, network=network, key=word(number), undone=undone)


async def test_sales_and_resales_are_read(
    database: Database, node: Chain, bazaar: Bazaar, index: Index
) -> None:
    indexer = index()
    held = bazaar.offer(refundWindow=1000)
    receipt = bazaar.buy(held, "buyer")
    licence = bazaar.licence("buyer")
    await read_all(indexer)

    (sold,) = await facts(database, indexer, "Sold", held["nonce"])
    assert sold.stage == "final"
    assert sold.arguments["buyer"] == bazaar.address("buyer").lower()
    assert sold.arguments["price"] == str(held["price"])
    assert sold.arguments["token"] == NATIVE
    assert sold.transaction_hash == receipt["transactionHash"]
    block = node.web3.eth.get_block(int(receipt["blockNumber"], 16))
    assert int(sold.block_time.timestamp()) == block["timestamp"]
    (minted,) = await facts(database, indexer, "LicenceMinted", licence)
    assert minted.arguments["holder"] == bazaar.address("buyer").lower()
    assert await facts(database, indexer, "Transferred", licence) == []
    assert await announced(database, word(held["nonce"])) == [("sold", "final")]

    refund_until = block["timestamp"] + 1000
    node.send(bazaar.market.functions.refund(held, bazaar.address("buyer"), refund_until), "buyer")
    await read_all(indexer)
    assert await announced(database, word(held["nonce"])) == [
        ("sold", "final"),
        ("refunded", "final"),
    ]


async def test_a_fact_is_seen_and_then_final(
    database: Database, node: Chain, bazaar: Bazaar, index: Index
) -> None:
    indexer = index(finality=3)
    offer = bazaar.offer()
    bazaar.buy(offer)
    await read_all(indexer)
    assert await announced(database, word(offer["nonce"])) == [("sold", "seen")]
    node.rpc("anvil_mine", "0x1")
    await read_all(indexer)
    assert await announced(database, word(offer["nonce"])) == [("sold", "seen")]
    node.rpc("anvil_mine", "0x1")
    await read_all(indexer)
    await read_all(indexer)
    assert await announced(database, word(offer["nonce"])) == [("sold", "seen"), ("sold", "final")]


@pytest.mark.parametrize("finality", [1, 10])
async def test_a_reorganisation_of_five_blocks_is_undone(
    database: Database, node: Chain, bazaar: Bazaar, index: Index, finality: int
) -> None:
    indexer = index(finality=finality)
    kept, lost = bazaar.offer(), bazaar.offer()
    bazaar.buy(kept)
    bazaar.buy(lost)
    node.rpc("anvil_mine", "0x4")
    await read_all(indexer)
    stage = "final" if finality == 1 else "seen"
    assert await announced(database, word(lost["nonce"])) == [("sold", stage)]

    node.rpc("anvil_reorg", 5, [])
    await read_all(indexer)

    assert await announced(database, word(lost["nonce"])) == [("sold", stage), ("sold", "undone")]
    assert await announced(database, word(kept["nonce"])) == [("sold", stage)]
    assert await facts(database, indexer, "Sold", lost["nonce"]) == []
    (gone,) = await facts(database, indexer, "Sold", lost["nonce"], undone=True)
    assert gone.stage == "undone"

    bazaar.buy(lost)  # the same offer, sent again
    await read_all(indexer)
    both = await facts(database, indexer, "Sold", lost["nonce"], undone=True)
    assert [fact.stage for fact in both] == ["undone", stage]


async def test_a_chain_that_was_set_back_is_followed(
    database: Database, node: Chain, bazaar: Bazaar, index: Index
) -> None:
    indexer = index()
    kept, lost = bazaar.offer(), bazaar.offer()
    bazaar.buy(kept)
    await read_all(indexer)
    node.rpc("anvil_mine", "0x3")
    bazaar.buy(lost)
    await read_all(indexer)
    node.rpc("anvil_rollback", 2)
    await read_all(indexer)
    assert await facts(database, indexer, "Sold", lost["nonce"]) == []
    assert len(await facts(database, indexer, "Sold", kept["nonce"])) == 1


@pytest.mark.parametrize("step", ["read", "written"])
async def test_killed_anywhere_it_goes_on(
    database: Database, bazaar: Bazaar, index: Index, step: str
) -> None:
    def halt(at: str) -> None:
        if at == step:
            raise Killed

    await read_all(index())
    offer = bazaar.offer()
    bazaar.buy(offer)
    with pytest.raises(Killed):
        await index(halt=halt).step()
    assert await announced(database, word(offer["nonce"])) == []
    await read_all(index())
    await read_all(index())
    assert await announced(database, word(offer["nonce"])) == [("sold", "final")]


async def test_killed_while_taking_back_it_takes_back_later(
    database: Database, node: Chain, bazaar: Bazaar, index: Index
) -> None:
    def halt(at: str) -> None:
        if at == "common":
            raise Killed

    offer = bazaar.offer()
    bazaar.buy(offer)
    await read_all(index())
    node.rpc("anvil_reorg", 1, [])
    with pytest.raises(Killed):
        await index(halt=halt).step()
    assert len(await facts(database, index(), "Sold", offer["nonce"])) == 1
    await read_all(index())
    assert await facts(database, index(), "Sold", offer["nonce"]) == []


async def test_two_indexers_write_once(database: Database, bazaar: Bazaar, index: Index) -> None:
    one, other = index(), index()
    offers = [bazaar.offer() for _ in range(3)]
    for offer in offers:
        bazaar.buy(offer)
        await one.step()
        await other.step()
    await read_all(one)
    await read_all(other)
    for offer in offers:
        assert await announced(database, word(offer["nonce"])) == [("sold", "final")]


async def test_a_chain_that_is_away_is_waited_for(
    database: Database, node: Chain, bazaar: Bazaar, index: Index
) -> None:
    away = index("http://127.0.0.1:9")
    with pytest.raises(ChainUnreachable):
        await away.step()
    offer = bazaar.offer()
    bazaar.buy(offer)
    await read_all(index("http://127.0.0.1:9", node.url))
    assert await announced(database, word(offer["nonce"])) == [("sold", "final")]


async def test_a_node_that_refuses_long_stretches_is_asked_for_shorter_ones(
    database: Database, node: Chain, bazaar: Bazaar, index: Index
) -> None:
    def refuse(method: str, parameters: list[Any], answer: Any) -> Any:
        if method == "eth_getLogs" and "toBlock" in parameters[0]:
            asked = int(parameters[0]["toBlock"], 16) - int(parameters[0]["fromBlock"], 16) + 1
            if asked > most:
                return Refusal("query returned more than 10000 results")
        return answer

    await read_all(index())
    offer = bazaar.offer()
    bazaar.buy(offer)
    node.rpc("anvil_mine", "0x20")
    most = 5
    with proxied(node.url) as proxy:
        proxy.twist = refuse
        await read_all(index(proxy.url))
        assert await announced(database, word(offer["nonce"])) == [("sold", "final")]
        node.rpc("anvil_mine", "0x1")
        most = 0
        with pytest.raises(RpcError, match="10000 results"):
            await read_all(index(proxy.url))


# -------------------------------------------------------------------------- nodes that lie


def hide_logs(method: str, parameters: list[Any], answer: Any) -> Any:
    return [] if method == "eth_getLogs" and "toBlock" in parameters[0] else answer


def forge_logs(method: str, _parameters: list[Any], answer: Any) -> Any:
    return [{**log, "blockHash": word(7)} for log in answer] if method == "eth_getLogs" else answer


def repeat_logs(method: str, _parameters: list[Any], answer: Any) -> Any:
    return [*answer, *answer] if method == "eth_getLogs" else answer


def remove_logs(method: str, _parameters: list[Any], answer: Any) -> Any:
    return [{**log, "removed": True} for log in answer] if method == "eth_getLogs" else answer


def foreign_logs(method: str, _parameters: list[Any], answer: Any) -> Any:
    return [{**log, "address": NATIVE} for log in answer] if method == "eth_getLogs" else answer


def cut_logs(method: str, _parameters: list[Any], answer: Any) -> Any:
    return [{**log, "data": "0x12"} for log in answer] if method == "eth_getLogs" else answer


def break_parents(method: str, _parameters: list[Any], answer: Any) -> Any:
    if method == "eth_getBlockByNumber" and answer:
        return {**answer, "parentHash": word(9)}
    return answer


def nonsense(method: str, _parameters: list[Any], answer: Any) -> Any:
    return {"never": "mind"} if method == "eth_getLogs" else answer


@pytest.mark.parametrize(
    "lie",
    [
        hide_logs,
        forge_logs,
        repeat_logs,
        remove_logs,
        foreign_logs,
        cut_logs,
        break_parents,
        nonsense,
    ],
)
async def test_a_node_that_lies_is_passed_over(
    database: Database, node: Chain, bazaar: Bazaar, index: Index, lie: Any
) -> None:
    await read_all(index())
    offer = bazaar.offer()
    bazaar.buy(offer)
    with proxied(node.url) as liar:
        liar.twist = lie
        with pytest.raises(ChainUnreachable):
            await read_all(index(liar.url))
        assert await announced(database, word(offer["nonce"])) == []
        await read_all(index(liar.url, node.url))
    assert await announced(database, word(offer["nonce"])) == [("sold", "final")]


async def test_one_node_with_another_block_undoes_nothing(
    database: Database, node: Chain, bazaar: Bazaar, index: Index
) -> None:
    def fork(method: str, parameters: list[Any], answer: Any) -> Any:
        if method == "eth_getBlockByNumber" and answer and parameters[0] != "0x1":
            return {**answer, "hash": word(int(answer["number"], 16))}
        return answer

    offer = bazaar.offer()
    bazaar.buy(offer)
    await read_all(index())
    with proxied(node.url) as liar:
        liar.twist = fork
        await read_all(index(liar.url, node.url))
    assert await announced(database, word(offer["nonce"])) == [("sold", "final")]


async def test_a_node_that_lags_is_passed_over(
    database: Database, node: Chain, bazaar: Bazaar, index: Index
) -> None:
    def lag(method: str, parameters: list[Any], answer: Any) -> Any:
        if method == "eth_getBlockByNumber" and parameters[0] == "latest":
            return first
        return answer

    await read_all(index())
    first = node.rpc("eth_getBlockByNumber", "latest", False)
    with proxied(node.url) as lagging:
        indexer = index(lagging.url, node.url)
        await read_all(indexer)
        node.rpc("anvil_mine", "0x8")
        await read_all(indexer)
        offer = bazaar.offer()
        bazaar.buy(offer)
        lagging.twist = lag
        await read_all(indexer)
    assert await announced(database, word(offer["nonce"])) == [("sold", "final")]


async def test_nodes_that_disagree_make_nothing_final(
    database: Database, node: Chain, bazaar: Bazaar, index: Index
) -> None:
    def other_block(method: str, _parameters: list[Any], answer: Any) -> Any:
        if method == "eth_getBlockByNumber" and answer and int(answer["number"], 16) == height:
            return {**answer, "hash": word(1)}
        return answer

    await read_all(index())
    offer = bazaar.offer()
    height = int(bazaar.buy(offer)["blockNumber"], 16)
    with proxied(node.url) as liar:
        liar.twist = other_block
        await read_all(index(node.url, liar.url))
    assert await announced(database, word(offer["nonce"])) == [("sold", "seen")]
    node.rpc("anvil_mine", "0x1")
    await read_all(index())
    assert await announced(database, word(offer["nonce"])) == [("sold", "seen"), ("sold", "final")]


async def test_contracts_that_are_not_there_are_not_read(
    database: Database, node: Chain, index: Index
) -> None:
    without = index()
    without._given = {}
    assert not await without.step()


async def test_what_was_read_is_kept_within_bounds(
    database: Database, node: Chain, bazaar: Bazaar, index: Index
) -> None:
    indexer = index()
    node.rpc("anvil_mine", "0x60")
    await read_all(indexer)
    network = await indexer._rpc.identify()
    async with database.transaction(SYSTEM, read_only=True) as uow:
        blocks = await uow.value("SELECT count(*) FROM chain_index.blocks")
        at = await cursor(uow, network)
    assert blocks <= 40
    assert at is not None
    assert at.indexed_block == node.web3.eth.block_number
