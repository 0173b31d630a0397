"""A log that is forked, at any place, is found out by whoever kept a head of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk_client import proofs
from souk_client.proofs import Checkpoint, ProofError
from tests.client.evidence import LOG_KEY, ORIGIN, TRUSTED


def leaves_of(count: int, *, forked_at: int | None = None) -> list[bytes]:
    return [b"entry %d%s" % (n, b" rewritten" if n == forked_at else b"") for n in range(count)]


def signed_head(leaves: list[bytes]) -> Checkpoint:
    """As the marketplace signs it, read back and trusted."""
    head = Checkpoint(
        origin=ORIGIN, tree_size=len(leaves), root=proofs.root_of(leaves), signed_at_s=1
    )
    return proofs.verify_checkpoint(proofs.sign_checkpoint(head, LOG_KEY), TRUSTED)


def proof_within(leaves: list[bytes], first: int) -> list[bytes]:
    """What an honest server of exactly this log answers."""
    hashes = [proofs.leaf_hash(leaf) for leaf in leaves]
    nodes = dict(proofs.append(0, (), hashes).nodes)
    return proofs.consistency_proof(nodes.__getitem__, first, len(leaves))


def check(kept: Checkpoint, shown: Checkpoint, proof: list[bytes]) -> None:
    proofs.verify_consistency(
        first_size=kept.tree_size,
        first_root=kept.root,
        second_size=shown.tree_size,
        second_root=shown.root,
        proof=proof,
    )


@given(st.data())
def test_a_rewritten_entry_is_found_out(data: st.DataObject) -> None:
    kept_size = data.draw(st.integers(1, 40))
    size = data.draw(st.integers(kept_size, 60))
    forked_at = data.draw(st.integers(0, kept_size - 1))
    kept = signed_head(leaves_of(kept_size))
    honest, forked = leaves_of(size), leaves_of(size, forked_at=forked_at)
    check(kept, signed_head(honest), proof_within(honest, kept_size))
    for proof in (proof_within(forked, kept_size), proof_within(honest, kept_size), []):
        with pytest.raises(ProofError, match=r"do not agree|empty|hashes than"):
            check(kept, signed_head(forked), proof)


def test_two_heads_of_one_size_cannot_both_be_true() -> None:
    one, other = signed_head(leaves_of(9)), signed_head(leaves_of(9, forked_at=3))
    with pytest.raises(ProofError, match="do not agree"):
        check(one, other, [])


def test_an_entry_of_the_fork_is_not_in_the_log_that_was_kept() -> None:
    """A sale shown to one person alone does not verify against the head everybody else has."""
    forked = leaves_of(11, forked_at=5)
    hashes = [proofs.leaf_hash(leaf) for leaf in forked]
    nodes = dict(proofs.append(0, (), hashes).nodes)
    claim = {
        "leaf_index": 5,
        "tree_size": 11,
        "proof": proofs.inclusion_proof(nodes.__getitem__, 5, 11),
    }
    proofs.verify_inclusion(hashes[5], root=proofs.root_of(forked), **claim)
    with pytest.raises(ProofError):
        proofs.verify_inclusion(hashes[5], root=signed_head(leaves_of(11)).root, **claim)
