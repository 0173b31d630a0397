"""The hashes of Xet: keyed BLAKE3 over chunks, and Merkle trees over chunk hashes.

Source: the Xet protocol specification, "Hashing". A hash is 32 bytes; as text it is four 64-bit
little-endian numbers in hexadecimal, so that the bytes of each eight come out turned around.
"""

import struct
from collections.abc import Iterable, Sequence
from typing import Final

from blake3 import blake3

HASH_BYTES: Final = 32
ZERO_HASH: Final = bytes(HASH_BYTES)
"""The hash of an empty file and of an empty xorb."""

_DATA_KEY: Final = bytes.fromhex("6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229")
_NODE_KEY: Final = bytes.fromhex("017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f")
_TERM_KEY: Final = bytes.fromhex("7f1857d6ce56ed66127ff913e7a5c3f3a4cd26d5b5db49e64124987f28fb94c3")
_WORDS: Final = struct.Struct("<4Q")
_LAST_WORD: Final = struct.Struct("<24xQ")
_BRANCHING: Final = 4
_GROUP_MIN: Final = 3
_GROUP_MAX: Final = 2 * _BRANCHING + 1
_DEDUPLICATION_MODULUS: Final = 1024

Leaf = tuple[bytes, int]
"""A chunk as a tree sees it: its hash, and how many bytes it has."""


def chunk_hash(content: bytes | memoryview) -> bytes:
    """The hash of a chunk's bytes."""
    return blake3(content, key=_DATA_KEY).digest()


def xorb_hash(leaves: Sequence[Leaf]) -> bytes:
    """The hash of a xorb with these chunks: the root of their tree."""
    level = list(leaves)
    if not level:
        return ZERO_HASH
    while len(level) > 1:
        level = [_node(group) for group in _groups(level)]
    return level[0][0]


def file_hash(leaves: Sequence[Leaf]) -> bytes:
    """The hash of a file with these chunks: the root of their tree, hashed once more."""
    if not leaves:
        return ZERO_HASH
    return keyed_hash(xorb_hash(leaves), key=ZERO_HASH)


def term_hash(chunk_hashes: Iterable[bytes]) -> bytes:
    """What proves that whoever names a run of chunks knows the hash of each of them."""
    return blake3(b"".join(chunk_hashes), key=_TERM_KEY).digest()


def keyed_hash(value: bytes, *, key: bytes) -> bytes:
    """A hash under a key: how chunk hashes are hidden in answers to de-duplication queries."""
    return blake3(value, key=key).digest()


def is_sampled(chunk: bytes) -> bool:
    """Whether clients ask for a chunk of this hash wherever it stands in a file: one in 1024."""
    word: int = _LAST_WORD.unpack(chunk)[0]
    return word % _DEDUPLICATION_MODULUS == 0


def to_text(value: bytes) -> str:
    """A hash as addresses and the api write it."""
    return "{:016x}{:016x}{:016x}{:016x}".format(*_WORDS.unpack(value))


def from_text(text: str) -> bytes:
    """A hash from its text of 64 lowercase hexadecimal digits.

    Raises:
        ValueError: it is not one.
    """
    if len(text) != 2 * HASH_BYTES or not set(text) <= set("0123456789abcdef"):
        raise ValueError("not a hash of 64 lowercase hexadecimal digits")
    return _WORDS.pack(*(int(text[at : at + 16], 16) for at in range(0, 64, 16)))


def _groups(level: Sequence[Leaf]) -> Iterable[Sequence[Leaf]]:
    """Nodes that get one parent: a group ends after a hash divisible by four, from the third on,
    and has at most nine."""
    start = 0
    while start < len(level):
        end = min(start + _GROUP_MAX, len(level))
        for at in range(start + _GROUP_MIN - 1, end):
            if _LAST_WORD.unpack(level[at][0])[0] % _BRANCHING == 0:
                end = at + 1
                break
        yield level[start:end]
        start = end


def _node(children: Sequence[Leaf]) -> Leaf:
    lines = "".join(f"{to_text(value)} : {length}\n" for value, length in children)
    digest = blake3(lines.encode(), key=_NODE_KEY).digest()
    return digest, sum(length for _, length in children)
