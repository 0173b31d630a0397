"""The Merkle tree against a naive reading of RFC 9162, and against published vectors."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk_client.proofs import (
    EMPTY_ROOT,
    ProofError,
    append,
    consistency_nodes,
    consistency_proof,
    inclusion_nodes,
    inclusion_proof,
    leaf_hash,
    peak_nodes,
    root_at,
    root_of,
    root_of_peaks,
    verify_consistency,
    verify_inclusion,
)

# The vectors of the Certificate Transparency reference implementation (merkle_tree_test.cc).
CT_LEAVES = [
    bytes.fromhex(digits)
    for digits in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
CT_INCLUSION = [
    (0, 1, []),
    (0, 8, [A, B, C]),
    (5, 8, [D, E, CT_ROOTS[3]]),
    (2, 3, [CT_ROOTS[1]]),
    (1, 5, [CT_ROOTS[0], B, D]),
]
CT_CONSISTENCY = [
    (1, 1, []),
    (1, 8, [A, B, C]),
    (6, 8, [F, E, CT_ROOTS[3]]),
    (2, 5, [B, D]),
]

leaves_of = st.lists(st.binary(max_size=12), min_size=1, max_size=70)


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162 section 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    middle = naive_split(len(leaves))
    return hashlib.sha256(
        b"\x01" + naive_root(leaves[:middle]) + naive_root(leaves[middle:])
    ).digest()


def naive_split(size: int) -> int:
    middle = 1
    while middle * 2 < size:
        middle *= 2
    return middle


def naive_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 9162 section 2.1.3.1, word for word."""
    if len(leaves) == 1:
        return []
    middle = naive_split(len(leaves))
    if index < middle:
        return [*naive_path(index, leaves[:middle]), naive_root(leaves[middle:])]
    return [*naive_path(index - middle, leaves[middle:]), naive_root(leaves[:middle])]


def naive_subproof(first: int, leaves: list[bytes], *, is_known: bool) -> list[bytes]:
    """SUBPROOF of RFC 9162 section 2.1.4.1, word for word."""
    if first == len(leaves):
        return [] if is_known else [naive_root(leaves)]
    middle = naive_split(len(leaves))
    if first <= middle:
        left = naive_subproof(first, leaves[:middle], is_known=is_known)
        return [*left, naive_root(leaves[middle:])]
    right = naive_subproof(first - middle, leaves[middle:], is_known=False)
    return [*right, naive_root(leaves[:middle])]


def stored(leaves: list[bytes]) -> dict:
    return dict(append(0, (), [leaf_hash(leaf) for leaf in leaves]).nodes)


def test_empty_tree_has_the_hash_of_nothing() -> None:
    assert root_of([]) == EMPTY_ROOT == hashlib.sha256(b"").digest()
    assert root_of_peaks([]) == EMPTY_ROOT


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_the_published_ones(size: int) -> None:
    assert root_of(CT_LEAVES[:size]).hex() == CT_ROOTS[size - 1]
    assert root_at(stored(CT_LEAVES).__getitem__, size).hex() == CT_ROOTS[size - 1]


@pytest.mark.parametrize(("index", "size", "path"), CT_INCLUSION)
def test_inclusion_proofs_are_the_published_ones(index: int, size: int, path: list[str]) -> None:
    proof = inclusion_proof(stored(CT_LEAVES).__getitem__, index, size)
    assert [digest.hex() for digest in proof] == path
    verify_inclusion(
        leaf_hash(CT_LEAVES[index]),
        leaf_index=index,
        tree_size=size,
        proof=proof,
        root=bytes.fromhex(CT_ROOTS[size - 1]),
    )


@pytest.mark.parametrize(("first", "second", "path"), CT_CONSISTENCY)
def test_consistency_proofs_are_the_published_ones(
    first: int, second: int, path: list[str]
) -> None:
    proof = consistency_proof(stored(CT_LEAVES).__getitem__, first, second)
    assert [digest.hex() for digest in proof] == path


@given(leaves=leaves_of, data=st.data())
def test_inclusion_equals_the_definition_and_verifies(
    leaves: list[bytes], data: st.DataObject
) -> None:
    size = data.draw(st.integers(1, len(leaves)))
    index = data.draw(st.integers(0, size - 1))
    nodes = stored(leaves)
    proof = inclusion_proof(nodes.__getitem__, index, size)
    assert proof == naive_path(index, leaves[:size])
    assert set(inclusion_nodes(index, size)) <= set(nodes)
    root = root_at(nodes.__getitem__, size)
    assert root == naive_root(leaves[:size])
    verify_inclusion(
        leaf_hash(leaves[index]), leaf_index=index, tree_size=size, proof=proof, root=root
    )


@given(leaves=leaves_of, data=st.data())
def test_consistency_equals_the_definition_and_verifies(
    leaves: list[bytes], data: st.DataObject
) -> None:
    second = data.draw(st.integers(1, len(leaves)))
    first = data.draw(st.integers(1, second))
    nodes = stored(leaves)
    proof = consistency_proof(nodes.__getitem__, first, second)
    assert proof == naive_subproof(first, leaves[:second], is_known=True)
    assert set(consistency_nodes(first, second)) <= set(nodes)
    verify_consistency(
        first_size=first,
        first_root=naive_root(leaves[:first]),
        second_size=second,
        second_root=naive_root(leaves[:second]),
        proof=proof,
    )


@given(leaves=leaves_of, cut=st.integers(0, 70))
def test_appending_in_two_steps_is_appending_at_once(leaves: list[bytes], cut: int) -> None:
    hashes = [leaf_hash(leaf) for leaf in leaves]
    first = append(0, (), hashes[:cut])
    second = append(first.size, first.peaks, hashes[cut:])
    whole = append(0, (), hashes)
    assert (second.size, second.peaks) == (whole.size, whole.peaks)
    assert first.nodes + second.nodes == whole.nodes
    nodes = dict(whole.nodes)
    assert tuple(nodes[node] for node in peak_nodes(whole.size)) == whole.peaks
    assert root_of_peaks(whole.peaks) == naive_root(leaves)


@given(leaves=leaves_of, data=st.data())
def test_a_changed_inclusion_proof_is_refused(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = naive_path(index, leaves)
    claim = {
        "leaf": leaf_hash(leaves[index]),
        "leaf_index": index,
        "tree_size": len(leaves),
        "proof": proof,
        "root": naive_root(leaves),
    }
    changes = [{"leaf": flipped(claim["leaf"], data)}, {"root": flipped(claim["root"], data)}]
    changes.append({"proof": [*proof, leaf_hash(b"more")]})
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        changed = flipped(proof[place], data)
        changes.append({"proof": [*proof[:place], changed, *proof[place + 1 :]]})
        changes.append({"proof": proof[:-1]})
        changes.append({"proof": [*proof[:-1], proof[-1][:-1]]})
    changes.append({"leaf_index": len(leaves)})
    changes.append({"leaf_index": -1})
    for change in changes:
        arguments = claim | change
        with pytest.raises(ProofError):
            verify_inclusion(arguments.pop("leaf"), **arguments)


@given(leaves=leaves_of, data=st.data())
def test_a_changed_history_is_refused(leaves: list[bytes], data: st.DataObject) -> None:
    first = data.draw(st.integers(1, len(leaves)))
    proof = naive_subproof(first, leaves, is_known=True)
    claim = {
        "first_size": first,
        "first_root": naive_root(leaves[:first]),
        "second_size": len(leaves),
        "second_root": naive_root(leaves),
        "proof": proof,
    }
    changes = [
        {"first_root": flipped(claim["first_root"], data)},
        {"second_root": flipped(claim["second_root"], data)},
        {"proof": [*proof, leaf_hash(b"more")]},
        {"first_size": len(leaves) + 1},
        {"first_size": -1},
    ]
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        changed = flipped(proof[place], data)
        changes.append({"proof": [*proof[:place], changed, *proof[place + 1 :]]})
        changes.append({"proof": proof[:-1]})
        changes.append({"proof": []})
    for change in changes:
        with pytest.raises(ProofError):
            verify_consistency(**(claim | change))


def test_every_tree_begins_with_the_empty_one() -> None:
    root = root_of(CT_LEAVES)
    claim = {"first_size": 0, "second_size": 8, "second_root": root}
    verify_consistency(first_root=EMPTY_ROOT, proof=[], **claim)
    assert consistency_proof(stored(CT_LEAVES).__getitem__, 0, 8) == []
    for change in ({"first_root": root, "proof": []}, {"first_root": EMPTY_ROOT, "proof": [root]}):
        with pytest.raises(ProofError):
            verify_consistency(**change, **claim)


def test_peaks_that_do_not_fit_the_size_are_refused() -> None:
    with pytest.raises(ProofError, match="peaks"):
        append(3, (b"\x00" * 32,), [])


def test_a_proof_at_a_million_entries_reads_few_nodes() -> None:
    for index in (0, 524_287, 999_999):
        assert len(inclusion_nodes(index, 1_000_000)) <= 2 * 20
    assert len(consistency_nodes(777_777, 1_000_000)) <= 3 * 20


def flipped(digest: bytes, data: st.DataObject) -> bytes:
    bit = data.draw(st.integers(0, len(digest) * 8 - 1))
    return (int.from_bytes(digest, "big") ^ 1 << bit).to_bytes(len(digest), "big")
