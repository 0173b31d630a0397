"""Rendezvous hashing: everybody names the same node for a thing, without asking anybody.

Source: Thaler, Ravishankar, "Using name-based mappings to increase hit rates", 1998. When a node
goes, only what it had moves, evenly to the others.
"""

import hashlib
from collections.abc import Iterable


def ranked(thing: str, nodes: Iterable[str]) -> list[str]:
    """The nodes, the one that should have this thing first."""
    return sorted(nodes, key=lambda node: _weight(thing, node), reverse=True)


def _weight(thing: str, node: str) -> bytes:
    return hashlib.blake2b(f"{thing}\0{node}".encode(), digest_size=16).digest()
