"""Nodes of a chain: another one answers when one is away, lags, or is of another chain."""

from collections.abc import Iterator

import pytest

from souk.rights.chain.model import CHAINS
from souk.rights.chain.rpc import ChainUnreachable, Rpc, RpcError
from tests.chain import Chain, running_chain
from tests.serving import free_port

LOCAL = CHAINS["local"]


@pytest.fixture(scope="module")
def other(node: Chain) -> Iterator[Chain]:
    """A chain with another id."""
    with running_chain("--chain-id", "99") as chain:
        yield chain


@pytest.fixture(scope="module")
def twin(node: Chain) -> Iterator[Chain]:
    """A chain with the same id that began otherwise."""
    with running_chain("--timestamp", "1700000000") as chain:
        yield chain


async def test_the_next_node_answers(node: Chain, other: Chain) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    rpc = Rpc(LOCAL, [nobody, other.url, node.url], timeout_s=5)

    network = await rpc.identify()

    assert network.startswith("31337:")
    assert await rpc.head() == node.web3.eth.block_number
    await rpc.close()


async def test_no_node_is_left(other: Chain) -> None:
    rpc = Rpc(LOCAL, [f"http://127.0.0.1:{free_port()}", other.url], timeout_s=5)

    with pytest.raises(ChainUnreachable):
        await rpc.identify()
    await rpc.close()


async def test_a_chain_that_began_otherwise_is_another_one(node: Chain, twin: Chain) -> None:
    here, there = Rpc(LOCAL, [node.url]), Rpc(LOCAL, [twin.url])
    both = Rpc(LOCAL, [node.url, twin.url])

    assert await here.identify() != await there.identify()
    await both.identify()
    latest = await both.block("latest")
    assert latest is not None
    assert await both.all_agree(int(latest.number, 16), latest.hash)  # the twin is not asked
    for rpc in (here, there, both):
        await rpc.close()


async def test_nodes_that_contradict_each_other_make_nothing_final(node: Chain) -> None:
    rpc = Rpc(LOCAL, [node.url])
    await rpc.identify()

    assert not await rpc.all_agree(0, "0x" + "00" * 32)
    await rpc.close()


async def test_a_node_that_lags_is_not_believed(node: Chain) -> None:
    rpc = Rpc(LOCAL, [node.url, node.url])
    await rpc.identify()
    snapshot = node.rpc("evm_snapshot")
    node.rpc("anvil_mine", hex(20))
    await rpc.head()
    node.rpc("evm_revert", snapshot)

    with pytest.raises(ChainUnreachable, match="lags"):
        await rpc.head()
    await rpc.close()


async def test_a_refusal_is_no_failure_of_the_node(node: Chain) -> None:
    rpc = Rpc(LOCAL, [node.url])

    with pytest.raises(RpcError):
        await rpc.call("eth_noSuchMethod")
    await rpc.close()
