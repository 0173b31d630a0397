"""Rendezvous hashing: the same choice everywhere, even shares, and little moves with a node."""

from collections import Counter

import hypothesis.strategies as st
from hypothesis import given

from souk.edge.rendezvous import ranked

NODES = [f"node-{number}" for number in range(6)]
THINGS = [f"{number:064x}" for number in range(3000)]


@given(st.permutations(NODES), st.text(max_size=20))
def test_the_order_in_which_nodes_are_known_does_not_matter(nodes: list[str], thing: str) -> None:
    assert ranked(thing, nodes) == ranked(thing, NODES)


def test_nodes_get_even_shares() -> None:
    shares = Counter(ranked(thing, NODES)[0] for thing in THINGS)
    assert set(shares) == set(NODES)
    assert max(shares.values()) < 1.3 * len(THINGS) / len(NODES)


@given(st.sampled_from(NODES))
def test_only_what_a_gone_node_had_moves(gone: str) -> None:
    left = [node for node in NODES if node != gone]
    for thing in THINGS[:200]:
        before = ranked(thing, NODES)
        after = ranked(thing, left)
        assert after == [node for node in before if node != gone]
