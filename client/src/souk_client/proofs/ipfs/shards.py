"""Directories too large for one block: a hash array mapped trie of 256 branches a node.

A name's place at each level is the next byte of its murmur3 hash. Source: the UnixFS specification
of the IPFS project, section HAMT.
"""

from collections.abc import Sequence
from typing import Final

from souk_client.proofs.errors import ProofError
from souk_client.proofs.ipfs.cids import node_cid
from souk_client.proofs.ipfs.dagpb import PbLink, PbNode, encode_node
from souk_client.proofs.ipfs.murmur3 import murmur3_x64_64
from souk_client.proofs.ipfs.unixfs import MURMUR3_X64_64, UnixFs, UnixFsKind

FANOUT: Final = 256
LEVELS: Final = 8
PREFIX: Final = 2
"""Letters before a name in a shard's link: its place in hexadecimal. Alone they lead to a shard."""


def sharded(links: Sequence[PbLink]) -> tuple[PbLink, list[bytes]]:
    """The root of a sharded directory of these links, and its blocks, children first."""
    blocks: list[bytes] = []
    hashed = [(name_hash(link.name), link) for link in links]
    return _shard(hashed, 0, blocks), blocks


def name_hash(name: str) -> bytes:
    """Where a name stands: one byte a level."""
    return murmur3_x64_64(name.encode()).to_bytes(LEVELS, "big")


def _shard(hashed: Sequence[tuple[bytes, PbLink]], level: int, blocks: list[bytes]) -> PbLink:
    if level == LEVELS:
        raise ProofError("Two names of a directory have the same hash.")
    places: dict[int, list[tuple[bytes, PbLink]]] = {}
    for name, link in hashed:
        places.setdefault(name[level], []).append((name, link))
    links = []
    for place in sorted(places):
        inside = places[place]
        if len(inside) == 1:
            link = inside[0][1]
            links.append(PbLink(link.cid, f"{place:02X}{link.name}", link.dag_bytes))
        else:
            below = _shard(inside, level + 1, blocks)
            links.append(PbLink(below.cid, f"{place:02X}", below.dag_bytes))
    field = sum(1 << place for place in places)
    data = UnixFs(
        UnixFsKind.HAMT_SHARD,
        inline=field.to_bytes((field.bit_length() + 7) // 8, "big"),
        hash_code=MURMUR3_X64_64,
        fanout=FANOUT,
    )
    block = encode_node(PbNode(tuple(links), data.encoded()))
    blocks.append(block)
    return PbLink(node_cid(block), "", len(block) + sum(link.dag_bytes for link in links))
