"""The log through its public face: what is appended can be proven, found and read."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from souk.infra.keyring import LOG, Keyring
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import PUBLIC, SYSTEM, Scope
from souk.kernel.errors import Conflict, Invalid, NotFound
from souk.rights.provenance.api import NewEntry
from souk.rights.provenance.sequencer import Sequencer
from souk.rights.provenance.service import ProvenanceService
from souk_client.contracts.rights import ConsistencyProof, InclusionProof, TreeHead
from souk_client.proofs import (
    KeySet,
    ProofError,
    leaf_hash_of,
    verify_checkpoint,
    verify_consistency,
    verify_inclusion,
)
from tests.rights.provenance.whole_log import check_whole_log

pytestmark = pytest.mark.database

Fresh = Callable[[str], str]


def new_entry(fresh: Fresh, **changes: object) -> NewEntry:
    members = {
        "kind": "published",
        "listing_id": fresh("lst"),
        "body": {"actor_organisation_id": fresh("org"), "version": "1.0.0"},
    }
    return NewEntry(**(members | changes))


def check_inclusion(proof: InclusionProof, keys: KeySet) -> None:
    """As a stranger would, with what the answer holds and the published keys only."""
    head = verify_checkpoint(proof.head.checkpoint, keys)
    assert (head.tree_size, head.root.hex()) == (proof.head.tree_size, proof.head.root_hash)
    verify_inclusion(
        leaf_hash_of(proof.entry.body),
        leaf_index=proof.leaf_index,
        tree_size=head.tree_size,
        proof=[bytes.fromhex(digest) for digest in proof.path],
        root=head.root,
    )


def check_consistency(first: TreeHead, proof: ConsistencyProof, keys: KeySet) -> None:
    second = verify_checkpoint(proof.head.checkpoint, keys)
    verify_consistency(
        first_size=first.tree_size,
        first_root=bytes.fromhex(first.root_hash),
        second_size=second.tree_size,
        second_root=second.root,
        proof=[bytes.fromhex(digest) for digest in proof.path],
    )


async def test_an_entry_is_pending_until_a_head_covers_it_and_proven_after(
    database: Database, provenance: ProvenanceService, sequencer: Sequencer, fresh: Fresh
) -> None:
    async with database.transaction(SYSTEM) as uow:
        new = new_entry(fresh)
        entry_id = await provenance.append(
            uow, kind=new.kind, listing_id=new.listing_id, body=new.body
        )
    async with database.transaction(PUBLIC, read_only=True) as uow:
        with pytest.raises(Conflict) as pending:
            await provenance.proof(uow, entry_id)
        assert pending.value.code == "proof_pending"
        assert pending.value.extra == {"retry_after_s": 1}
        assert (await provenance.entry(uow, entry_id)).leaf_index is None
    await sequencer.drain()
    async with database.transaction(PUBLIC, read_only=True) as uow:
        proof = await provenance.proof(uow, entry_id)
        keys = await provenance.published_keys(uow)
    check_inclusion(proof, keys)
    assert proof.entry.body["listing_id"] == new.listing_id
    assert leaf_hash_of(proof.entry.body).hex() == proof.entry.leaf_hash


async def test_an_entry_of_an_undone_transaction_is_not_there(
    database: Database, provenance: ProvenanceService, sequencer: Sequencer, fresh: Fresh
) -> None:
    uow = database.unit_of_work(SYSTEM)
    (entry_id,) = await provenance.append_many(uow, [new_entry(fresh)])
    await uow.rollback()
    await sequencer.drain()
    async with database.transaction(PUBLIC) as uow:
        with pytest.raises(NotFound):
            await provenance.proof(uow, entry_id)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=5), data=st.data())
async def test_whatever_the_batches_every_proof_and_every_growth_verifies(
    sizes: list[int],
    data: st.DataObject,
    database: Database,
    provenance: ProvenanceService,
    sequencer: Sequencer,
    owner_dsn: str,
    fresh: Fresh,
) -> None:
    ids: list[str] = []
    heads: list[TreeHead] = []
    for size in sizes:
        async with database.transaction(SYSTEM) as uow:
            new = [new_entry(fresh) for _ in range(size)]
            ids += await provenance.append_many(uow, new)
        await sequencer.drain()
        async with database.transaction(PUBLIC) as uow:
            heads.append(await provenance.head(uow))
    async with database.transaction(PUBLIC, read_only=True) as uow:
        keys = await provenance.published_keys(uow)
        for entry_id in data.draw(st.lists(st.sampled_from(ids), min_size=1, max_size=8)):
            check_inclusion(await provenance.proof(uow, entry_id), keys)
        for number, first in enumerate(heads):
            for second in heads[number:]:
                proof = await provenance.consistency(uow, first.tree_size, second.tree_size)
                check_consistency(first, proof, keys)
    check_whole_log(owner_dsn)


async def test_entries_of_one_call_keep_their_order(
    database: Database, provenance: ProvenanceService, sequencer: Sequencer, fresh: Fresh
) -> None:
    listing_id = fresh("lst")
    async with database.transaction(SYSTEM) as uow:
        ids = await provenance.append_many(
            uow, [new_entry(fresh, listing_id=listing_id) for _ in range(50)]
        )
    await sequencer.drain()
    async with database.transaction(PUBLIC) as uow:
        found = await provenance.timeline(uow, listing_id)
    assert [entry.id for entry in found] == ids
    first = found[0].leaf_index
    assert first is not None
    assert [entry.leaf_index for entry in found] == list(range(first, first + 50))


async def test_a_changed_entry_or_path_does_not_verify(
    database: Database, provenance: ProvenanceService, sequencer: Sequencer, fresh: Fresh
) -> None:
    async with database.transaction(SYSTEM) as uow:
        ids = await provenance.append_many(uow, [new_entry(fresh) for _ in range(9)])
    await sequencer.drain()
    async with database.transaction(PUBLIC) as uow:
        proof = await provenance.proof(uow, ids[4])
        keys = await provenance.published_keys(uow)
    proof.entry.body["version"] = "6.6.6"
    with pytest.raises(ProofError):
        check_inclusion(proof, keys)
    strangers = KeySet(origin=keys.origin, keys=())
    with pytest.raises(ProofError):
        verify_checkpoint(proof.head.checkpoint, strangers)


async def test_filters_and_pages_give_every_entry_once(
    database: Database, provenance: ProvenanceService, fresh: Fresh
) -> None:
    listing_id = fresh("lst")
    kinds = ["created", "published", "edited", "edited", "retired"] * 5
    async with database.transaction(SYSTEM) as uow:
        ids = await provenance.append_many(
            uow, [new_entry(fresh, kind=kind, listing_id=listing_id) for kind in kinds]
        )
    async with database.transaction(PUBLIC, read_only=True) as uow:
        seen, cursor = [], None
        for _ in range(10):
            page = await provenance.entries(uow, listing_id=listing_id, cursor=cursor, limit=7)
            seen += [entry.id for entry in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == ids[::-1]
        edits = await provenance.entries(uow, kind="edited", listing_id=listing_id, limit=100)
        assert {entry.kind for entry in edits.items} == {"edited"}
        assert len(edits.items) == 10
        with pytest.raises(Invalid):
            await provenance.entries(uow, cursor="bm9uc2Vuc2U")


async def test_the_first_publisher_of_a_file_is_found_by_its_hash(
    database: Database, provenance: ProvenanceService, sequencer: Sequencer, fresh: Fresh
) -> None:
    author, thief, file_hash, content = fresh("org"), fresh("org"), "c" * 64, "d" * 64
    mine, stolen = fresh("lst"), fresh("lst")

    def publication(listing_id: str, owner: str) -> NewEntry:
        body = {"actor_organisation_id": owner, "version": "1.0.0", "content_sha256": content}
        return new_entry(fresh, listing_id=listing_id, body=body, hashes=[file_hash, "e" * 64])

    sale = new_entry(
        fresh,
        kind="sold",
        listing_id=mine,
        body={
            "actor_organisation_id": "sha256:" + "0" * 64,
            "counterparty_organisation_id": author,
            "content_sha256": content,
        },
    )
    async with database.transaction(SYSTEM) as uow:
        await provenance.append_many(
            uow, [publication(mine, author), sale, publication(stolen, thief), new_entry(fresh)]
        )
    await sequencer.drain()
    async with database.transaction(PUBLIC, read_only=True) as uow:
        found = await provenance.by_hash(uow, file_hash)
        unknown = await provenance.by_hash(uow, "f" * 64)
    assert found.first_published is not None
    assert found.first_published.body["actor_organisation_id"] == author
    assert found.first_published.body["file_sha256s"] == [file_hash, "e" * 64]
    assert [(e.kind, e.body["listing_id"]) for e in found.entries] == [
        ("published", mine),
        ("sold", mine),
        ("published", stolen),
    ]
    assert unknown.first_published is None
    assert unknown.entries == []


async def test_an_organisation_finds_its_own_entries_and_no_other_does(
    database: Database, provenance: ProvenanceService, fresh: Fresh
) -> None:
    buyer, seller, stranger = fresh("org"), fresh("org"), fresh("org")
    new = new_entry(fresh, kind="sold", organisation_ids=[buyer, seller])
    async with database.transaction(Scope(organisation_ids=(buyer,))) as uow:
        ids = await provenance.append_many(uow, [new])
    for asking, about, expected in (
        (buyer, buyer, ids),
        (seller, seller, ids),
        (stranger, buyer, []),
        (stranger, stranger, []),
    ):
        async with database.transaction(Scope(organisation_ids=(asking,))) as uow:
            page = await provenance.entries(uow, organisation_id=about)
            assert [entry.id for entry in page.items] == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"body": {}},
        {"body": {"actor_organisation_id": 7}},
        {"body": {"actor_organisation_id": "org", "price": 3}},
        {"body": {"actor_organisation_id": "org", "id": "prv_mine"}},
        {"body": {"actor_organisation_id": "org", "content_sha256": "short"}},
        {"body": {"actor_organisation_id": "org", "details": {"word": "\ud800"}}},
        {"body": {"actor_organisation_id": "org", "details": {"word": "\x00"}}},
        {"kind": "stolen"},
        {"hashes": ["F" * 64]},
    ],
)
async def test_an_entry_that_breaks_the_rules_is_refused(
    database: Database, provenance: ProvenanceService, fresh: Fresh, changes: dict[str, object]
) -> None:
    async with database.transaction(SYSTEM) as uow:
        with pytest.raises(Invalid) as refused:
            await provenance.append_many(uow, [new_entry(fresh, **changes)])
    assert refused.value.code == "entry_invalid"


async def test_too_many_entries_at_once_are_refused(
    database: Database, provenance: ProvenanceService, fresh: Fresh
) -> None:
    async with database.transaction(SYSTEM) as uow:
        with pytest.raises(Invalid):
            await provenance.append_many(uow, [new_entry(fresh)] * 10_001)


async def test_sizes_that_no_head_has_are_refused(
    database: Database, provenance: ProvenanceService, sequencer: Sequencer, fresh: Fresh
) -> None:
    async with database.transaction(SYSTEM) as uow:
        await provenance.append_many(uow, [new_entry(fresh) for _ in range(3)])
    await sequencer.drain()
    async with database.transaction(PUBLIC) as uow:
        size = (await provenance.head(uow)).tree_size
        for first, second in ((0, size), (-1, size), (size + 1, size)):
            with pytest.raises(Invalid):
                await provenance.consistency(uow, first, second)
        for second in (size + 1, size - 1, 2**63 - 1):
            with pytest.raises(NotFound):
                await provenance.consistency(uow, 1, second)
        newest = await provenance.consistency(uow, 1)
    assert newest.second == size


async def test_old_heads_verify_after_the_key_was_rotated(
    database: Database,
    provenance: ProvenanceService,
    sequencer: Sequencer,
    keyring: Keyring,
    fresh: Fresh,
) -> None:
    async with database.transaction(SYSTEM) as uow:
        await provenance.append_many(uow, [new_entry(fresh)])
    await sequencer.drain()
    async with database.transaction(PUBLIC) as uow:
        before = await provenance.head(uow)
    await keyring.rotate(LOG)
    async with database.transaction(SYSTEM) as uow:
        await provenance.append_many(uow, [new_entry(fresh)])
    await sequencer.drain()
    async with database.transaction(PUBLIC) as uow:
        after = await provenance.head(uow)
        keys = await provenance.published_keys(uow)
    assert verify_checkpoint(before.checkpoint, keys).tree_size == before.tree_size
    assert verify_checkpoint(after.checkpoint, keys).tree_size == after.tree_size
