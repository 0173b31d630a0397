"""What stands on a chain can be asked for without Souk; `mp verify` does."""

import pytest

from souk_client.proofs import ChainAnchor
from souk_client.sdk.chains import ChainProblem, anchored_at
from tests.chain import Chain, running_chain
from tests.serving import free_port


@pytest.fixture(scope="module")
def anchor(node: Chain) -> ChainAnchor:
    """A head that `log` wrote on the chain."""
    contract = node.deploy("Anchor")
    node.send(contract.functions.anchor(300, b"\x07" * 32), "log")
    return ChainAnchor(
        chain_id=node.chain_id,
        contract=contract.address.lower(),
        account=node.account("log").address.lower(),
        tree_size=300,
        root="07" * 32,
        hashes=(),
    )


def changed(anchor: ChainAnchor, **changes: object) -> ChainAnchor:
    members = {name: getattr(anchor, name) for name in anchor.__struct_fields__}
    return ChainAnchor(**{**members, **changes})  # type: ignore[arg-type] # the test's own words


def test_the_chain_says_since_when(node: Chain, anchor: ChainAnchor) -> None:
    at = anchored_at(node.url, anchor)

    assert at is not None
    assert int(at.timestamp()) == node.now()


def test_another_size_root_or_account_was_never_written(node: Chain, anchor: ChainAnchor) -> None:
    for other in (
        changed(anchor, tree_size=301),
        changed(anchor, root="08" * 32),
        changed(anchor, account="0x" + "11" * 20),
    ):
        assert anchored_at(node.url, other) is None


def test_a_node_that_cannot_say_it_is_no_proof(node: Chain, anchor: ChainAnchor) -> None:
    with pytest.raises(ChainProblem, match="no such contract"):
        anchored_at(node.url, changed(anchor, contract="0x" + "22" * 20))
    with pytest.raises(ChainProblem, match="does not answer"):
        anchored_at(f"http://127.0.0.1:{free_port()}", anchor)
    with pytest.raises(ChainProblem, match="does not answer"):
        anchored_at("nonsense", anchor)
    with running_chain("--chain-id", "98") as other, pytest.raises(ChainProblem, match="chain 98"):
        anchored_at(other.url, anchor)
