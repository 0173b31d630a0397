"""From an entry to the chain: contracts put there once, heads anchored, proofs that lead there."""

import json
from collections.abc import Callable

import psycopg
import pytest

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import PUBLIC, SYSTEM
from souk.kernel.errors import Invalid, NotFound
from souk.rights.chain import store
from souk.rights.chain.deploying import ORDER
from souk.rights.chain.service import AnchorBook
from souk.rights.provenance.sequencer import Sequencer
from souk.rights.provenance.service import ProvenanceService
from souk_client.proofs import ProofError, verify_inclusion
from tests.chain import PACKAGED, Chain
from tests.rights.chain.conftest import Hand, Work
from tests.rights.conftest import ORIGIN

pytestmark = pytest.mark.database

Fresh = Callable[[str], str]


@pytest.fixture(scope="module")
def anchored(keyring: object) -> ProvenanceService:
    return ProvenanceService(keyring=keyring, origin=ORIGIN, anchors=AnchorBook())  # type: ignore[arg-type] # the rights' own fixture


async def record(database: Database, log: ProvenanceService, fresh: Fresh, count: int) -> list[str]:
    async with database.transaction(SYSTEM) as uow:
        return [
            await log.append(
                uow,
                kind="created",
                listing_id=fresh("lst"),
                body={"actor_organisation_id": fresh("org"), "details": {"kind": "model"}},
            )
            for _ in range(count)
        ]


async def until_anchored(database: Database, hand: Hand, size: int) -> None:
    for _ in range(40):
        await hand.steps(1)
        async with database.transaction(PUBLIC, read_only=True) as uow:
            page = await AnchorBook().page(uow, cursor=None, limit=1)
        if page.items and page.items[0].tree_size >= size and page.items[0].final_at:
            return
    raise AssertionError("it was not anchored")


async def test_an_entry_can_be_proved_from_the_chain(
    database: Database,
    node: Chain,
    work: Work,
    anchored: ProvenanceService,
    sequencer: Sequencer,
    fresh: Fresh,
) -> None:
    entries = await record(database, anchored, fresh, 5)
    await sequencer.drain()
    hand = work(deploys=True)
    async with database.transaction(PUBLIC, read_only=True) as uow:
        assert (await anchored.proof(uow, entries[2])).anchored is None
    await until_anchored(database, hand, 5)
    later = await record(database, anchored, fresh, 3)
    await sequencer.drain()
    await until_anchored(database, hand, 8)

    async with database.transaction(PUBLIC, read_only=True) as uow:
        proofs = [await anchored.proof(uow, entry) for entry in (*entries, *later)]

    contract = node.web3.eth.contract(
        address=node.web3.to_checksum_address(proofs[0].anchored.anchor.contract),  # type: ignore[union-attr] # asserted below
        abi=json.loads((PACKAGED / "Anchor.json").read_text())["abi"],
    )
    for proof in proofs:
        assert proof.anchored is not None
        anchor = proof.anchored.anchor
        at = contract.functions.anchoredAt(
            node.web3.to_checksum_address(anchor.account),
            anchor.tree_size,
            bytes.fromhex(anchor.root_hash),
        ).call()
        assert anchor.block_time is not None
        assert at == int(anchor.block_time.timestamp())
        facts = {"leaf_index": proof.leaf_index, "tree_size": anchor.tree_size}
        path = [bytes.fromhex(digest) for digest in proof.anchored.path]
        leaf, root = bytes.fromhex(proof.entry.leaf_hash), bytes.fromhex(anchor.root_hash)
        verify_inclusion(leaf, proof=path, root=root, **facts)
        with pytest.raises(ProofError):
            verify_inclusion(bytes(32), proof=path, root=root, **facts)
    # each by the first that covers it
    assert {proof.anchored.anchor.tree_size for proof in proofs if proof.anchored} == {5, 8}


async def test_nothing_new_is_anchored_not_again(
    database: Database, node: Chain, work: Work
) -> None:
    hand = work(deploys=True)
    await hand.steps(12)
    block = node.web3.eth.block_number

    await hand.steps(4)

    assert node.web3.eth.block_number == block


async def test_contracts_are_put_there_once_and_know_each_other(
    database: Database, node: Chain, work: Work
) -> None:
    hand = work(deploys=True)
    await hand.steps(10)

    async with database.transaction(SYSTEM, read_only=True) as uow:
        known = await store.contracts(uow, await hand.network())
        named = await store.of_purpose(
            uow, network=await hand.network(), purpose="deploy:Licences.nameMarket"
        )

    assert set(known) == set(ORDER)
    assert all(node.rpc("eth_getCode", address, "latest") != "0x" for address in known.values())
    assert named is not None
    assert named.state == "final"


async def test_anchors_can_be_listed(database: Database, anchored: ProvenanceService) -> None:
    book = AnchorBook()
    async with database.transaction(PUBLIC, read_only=True) as uow:
        first = await book.page(uow, cursor=None, limit=1)
        second = await book.page(uow, cursor=first.next_cursor, limit=1)
        one = await book.of_size(uow, second.items[0].tree_size)
        with pytest.raises(NotFound, match="No head of 77 entries"):
            await book.of_size(uow, 77)
        with pytest.raises(Invalid, match="another list"):
            await book.page(uow, cursor="WyJhIl0", limit=1)

    assert first.items[0].tree_size > second.items[0].tree_size == one.tree_size
    async with database.transaction(PUBLIC, read_only=True) as uow:
        assert await anchored.newest_anchor(uow) == first.items[0]
    assert one.chain == "local"


async def test_chain_and_database_are_compared(
    database: Database, owner_dsn: str, node: Chain, work: Work
) -> None:
    hand = work(deploys=True)
    await hand.steps(2)
    assert await hand.worker.differences() == []

    with psycopg.connect(owner_dsn) as owner:  # this test comes last: it spoils them
        owner.execute("ALTER TABLE chain.anchors DISABLE TRIGGER refuse_change")
        owner.execute("ALTER TABLE chain.contracts DISABLE TRIGGER refuse_change")
        owner.execute("UPDATE chain.contracts SET address = '0x' || repeat('9', 40)")
        owner.execute("UPDATE chain.anchors SET root = sha256(root)")
        owner.execute("UPDATE chain.lanes SET next_nonce = 1")
        owner.execute(
            "UPDATE chain.transactions SET block_hash = '0x' || repeat('0', 64) "
            "WHERE purpose = 'deploy:GENX'"
        )
        owner.commit()
    found = await hand.worker.differences()

    assert len([sentence for sentence in found if "no contract" in sentence]) == len(ORDER)
    assert any("of which 1 are known here" in sentence for sentence in found)
    assert any(sentence.startswith("deploy:GENX is in block") for sentence in found)
    assert any("entries is anchored here, not on the chain" in sentence for sentence in found)
