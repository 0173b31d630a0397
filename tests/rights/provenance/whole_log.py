"""Recomputes the whole log from its entries and compares every stored thing with it."""

import psycopg

from souk_client.proofs import Node, append, leaf_hash, root_of_peaks


def check_whole_log(owner_dsn: str) -> int:
    """Every entry has one place, places have no gaps, and all nodes and heads are right.

    Answers how many entries have a place.
    """
    with psycopg.connect(owner_dsn) as owner:
        leaves = owner.execute(
            """
            SELECT l.leaf_index, l.hash, e.leaf FROM provenance.leaves l
            JOIN provenance.entries e ON e.id = l.entry_id ORDER BY l.leaf_index
            """
        ).fetchall()
        nodes = owner.execute("SELECT level, place, hash FROM provenance.nodes").fetchall()
        heads = owner.execute(
            "SELECT tree_size, root FROM provenance.heads ORDER BY tree_size"
        ).fetchall()
        lost = owner.execute(
            """
            SELECT count(*) FROM provenance.entries e
            WHERE (SELECT count(*) FROM provenance.leaves l WHERE l.entry_id = e.id)
                + (SELECT count(*) FROM provenance.waiting w WHERE w.entry_id = e.id) <> 1
            """
        ).fetchone()
    assert lost == (0,)
    assert [index for index, _, _ in leaves] == list(range(len(leaves)))
    hashes = [leaf_hash(leaf.encode()) for _, _, leaf in leaves]
    assert [stored for _, stored, _ in leaves] == hashes
    expected = dict(append(0, (), hashes).nodes)
    stored_nodes = {Node(level, place): digest for level, place, digest in nodes}
    assert stored_nodes == {node: h for node, h in expected.items() if node.level}
    size, peaks = 0, ()
    for tree_size, root in heads:
        grown = append(size, peaks, hashes[size:tree_size])
        size, peaks = grown.size, grown.peaks
        assert (tree_size, root) == (size, root_of_peaks(peaks))
    assert size == len(leaves)
    return size
