"""Merkle trees of RFC 6962 / RFC 9162: roots, proofs from stored nodes, verification, appending.

A tree of `size` leaves is kept as its *perfect* nodes only: `Node(level, place)` is the hash over
the leaves [place·2^level, (place+1)·2^level), and it never changes once those leaves exist. Level 0
are the leaf hashes. Every root and proof of every past size can be computed from those nodes, so a
log stores about two hashes a leaf and answers at any size by reading O(log size) of them.

Sources: RFC 9162 sections 2.1.1 (tree), 2.1.3 (inclusion), 2.1.4 (consistency).
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from souk_client.proofs.errors import ProofError

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""


class Node(NamedTuple):
    """The address of a perfect subtree: leaves [place·2^level, (place+1)·2^level)."""

    level: int
    place: int


NodeGetter = Callable[[Node], bytes]
"""Gives the stored hash of a perfect node; `nodes.__getitem__` of a mapping fits."""


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256 over 0x00 and the leaf's bytes."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 over 0x01 and both children's hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The Merkle tree hash of these leaves (their bytes, not their hashes)."""
    appended = append(0, (), [leaf_hash(leaf) for leaf in leaves])
    return root_of_peaks(appended.peaks)


class Appended(NamedTuple):
    """What appending leaves made: `nodes` to store, and the `peaks` to append to next."""

    size: int
    peaks: tuple[bytes, ...]
    nodes: list[tuple[Node, bytes]]


def append(size: int, peaks: Sequence[bytes], leaf_hashes: Sequence[bytes]) -> Appended:
    """Appends leaf hashes to a tree of `size` leaves whose perfect subtrees have these peaks.

    Peaks are ordered from the largest subtree to the smallest, one for each bit set in `size`; an
    empty tree has none. `nodes` holds every perfect node that became complete, leaves included.

    Raises:
        ProofError: the number of peaks does not fit `size`.
    """
    if len(peaks) != size.bit_count():
        raise ProofError(f"A tree of {size} leaves has {size.bit_count()} peaks, not {len(peaks)}.")
    stack = list(peaks)
    nodes: list[tuple[Node, bytes]] = []
    for digest in leaf_hashes:
        node, merged = Node(0, size), digest
        nodes.append((node, merged))
        while node.place & 1:
            node, merged = Node(node.level + 1, node.place >> 1), node_hash(stack.pop(), merged)
            nodes.append((node, merged))
        stack.append(merged)
        size += 1
    return Appended(size=size, peaks=tuple(stack), nodes=nodes)


def peak_nodes(size: int) -> tuple[Node, ...]:
    """The addresses of the peaks of a tree of `size` leaves, largest first."""
    return tuple(_perfect_nodes(0, size))


def root_of_peaks(peaks: Sequence[bytes]) -> bytes:
    """The root of the tree with these peaks (largest first); EMPTY_ROOT for none."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def root_at(get: NodeGetter, size: int) -> bytes:
    """The root of the first `size` leaves, from stored nodes."""
    return root_of_peaks([get(node) for node in peak_nodes(size)])


def inclusion_nodes(leaf_index: int, tree_size: int) -> list[Node]:
    """Every node that `inclusion_proof` will ask for, so that they can be read in one query."""
    return _nodes_of(_inclusion_ranges(leaf_index, tree_size))


def inclusion_proof(get: NodeGetter, leaf_index: int, tree_size: int) -> list[bytes]:
    """The audit path of a leaf in the tree of the first `tree_size` leaves, leaf's sibling first.

    Raises:
        ProofError: the leaf is not in a tree of that size.
    """
    return [_range_hash(get, *span) for span in _inclusion_ranges(leaf_index, tree_size)]


def consistency_nodes(first_size: int, second_size: int) -> list[Node]:
    """Every node that `consistency_proof` will ask for."""
    return _nodes_of(_consistency_ranges(first_size, second_size))


def consistency_proof(get: NodeGetter, first_size: int, second_size: int) -> list[bytes]:
    """The proof that the tree of `second_size` leaves begins with the tree of `first_size`.

    It is empty when the sizes are equal, and when the first tree is empty.

    Raises:
        ProofError: the first tree is larger than the second.
    """
    return [_range_hash(get, *span) for span in _consistency_ranges(first_size, second_size)]


def verify_inclusion(
    leaf: bytes, *, leaf_index: int, tree_size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Checks that `leaf` (its hash) is at `leaf_index` of the tree with this root.

    Raises:
        ProofError: it is not, or the proof is malformed. Source: RFC 9162 section 2.1.3.2.
    """
    _check_index(leaf_index, tree_size)
    _check_hashes([leaf, root, *proof])
    position, last, digest = leaf_index, tree_size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofError("The inclusion proof has more hashes than the tree is high.")
        if position & 1 or position == last:
            digest = node_hash(sibling, digest)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            digest = node_hash(digest, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise ProofError("The inclusion proof has fewer hashes than the tree is high.")
    if digest != root:
        raise ProofError("The entry and its inclusion proof do not lead to the tree's root.")


def verify_consistency(
    *,
    first_size: int,
    first_root: bytes,
    second_size: int,
    second_root: bytes,
    proof: Sequence[bytes],
) -> None:
    """Checks that the second tree has the first as its beginning: nothing rewritten or dropped.

    Raises:
        ProofError: it has not, or the proof is malformed. Source: RFC 9162 section 2.1.4.2.
    """
    _check_sizes(first_size, second_size)
    _check_hashes([first_root, second_root, *proof])
    if first_size in (0, second_size):
        expected = EMPTY_ROOT if first_size == 0 else second_root
        if proof or first_root != expected or (second_size == 0 and second_root != EMPTY_ROOT):
            raise ProofError("The two trees do not agree on their common beginning.")
        return
    path = list(proof)
    if first_size & (first_size - 1) == 0:
        path.insert(0, first_root)
    if not path:
        raise ProofError("The consistency proof is empty.")
    position, last = first_size - 1, second_size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofError("The consistency proof has more hashes than the tree is high.")
        if position & 1 or position == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise ProofError("The consistency proof has fewer hashes than the tree is high.")
    if first != first_root or second != second_root:
        raise ProofError("The two trees do not agree on their common beginning.")


def nodes_of_leaves(leaves: Iterable[bytes]) -> Mapping[Node, bytes]:
    """Every perfect node of a small tree held in memory; for tests and for tools."""
    return dict(append(0, (), [leaf_hash(leaf) for leaf in leaves]).nodes)


def _inclusion_ranges(leaf_index: int, tree_size: int) -> list[tuple[int, int]]:
    """The leaf ranges whose hashes make the audit path (RFC 9162 section 2.1.3.1)."""
    _check_index(leaf_index, tree_size)
    low, high = 0, tree_size
    ranges: list[tuple[int, int]] = []
    while high - low > 1:
        middle = low + _left_size(high - low)
        if leaf_index < middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    ranges.reverse()
    return ranges


def _consistency_ranges(first_size: int, second_size: int) -> list[tuple[int, int]]:
    """The leaf ranges whose hashes make the proof (SUBPROOF of RFC 9162 section 2.1.4.1)."""
    _check_sizes(first_size, second_size)
    if first_size == 0:
        return []
    low, high, is_known = 0, second_size, True
    ranges: list[tuple[int, int]] = []
    while high != first_size:
        middle = low + _left_size(high - low)
        if first_size <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low, is_known = middle, False
    if not is_known:
        ranges.append((low, high))
    ranges.reverse()
    return ranges


def _nodes_of(ranges: Iterable[tuple[int, int]]) -> list[Node]:
    return [node for low, high in ranges for node in _perfect_nodes(low, high)]


def _range_hash(get: NodeGetter, low: int, high: int) -> bytes:
    return root_of_peaks([get(node) for node in _perfect_nodes(low, high)])


def _perfect_nodes(low: int, high: int) -> list[Node]:
    """The perfect subtrees of the range, largest first.

    `low` is a multiple of the largest power of two in the range's length, as it is for every
    subtree that RFC 9162 splits off.
    """
    nodes: list[Node] = []
    while low < high:
        level = (high - low).bit_length() - 1
        nodes.append(Node(level, low >> level))
        low += 1 << level
    return nodes


def _left_size(size: int) -> int:
    """The largest power of two smaller than `size` (which is at least 2)."""
    return 1 << (size - 1).bit_length() - 1


def _check_index(leaf_index: int, tree_size: int) -> None:
    if not 0 <= leaf_index < tree_size:
        raise ProofError(f"Leaf {leaf_index} is not in a tree of {tree_size} leaves.")


def _check_sizes(first_size: int, second_size: int) -> None:
    if not 0 <= first_size <= second_size:
        raise ProofError(f"A tree of {first_size} leaves is no beginning of one of {second_size}.")


def _check_hashes(hashes: Iterable[bytes]) -> None:
    if any(len(digest) != HASH_BYTES for digest in hashes):
        raise ProofError(f"A hash of the proof is not {HASH_BYTES} bytes long.")
