"""CIDv1 of a file as UnixFS: 1 MiB chunks, raw leaves, at most 1024 links a node, balanced.

This is the profile `unixfs-v1-2025` of IPIP-499, so that any current IPFS importer makes the same
name from the same bytes. Sources: the UnixFS and dag-pb specifications of the IPLD project.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

CHUNK_BYTES: Final = 2**20
MAX_LINKS: Final = 1024

_SHA2_256: Final = b"\x12\x20"
_RAW: Final = b"\x01\x55" + _SHA2_256
_DAG_PB: Final = b"\x01\x70" + _SHA2_256
_UNIXFS_FILE: Final = b"\x08\x02"
_EMPTY_NAME: Final = b"\x12\x00"


class _Node(NamedTuple):
    cid: bytes
    file_bytes: int
    """How much of the file is below it."""
    dag_bytes: int
    """How large all its blocks are together."""


def cid_of_chunks(digests: Sequence[bytes], size_bytes: int) -> str:
    """The CID of a file of `size_bytes`.

    Args:
        digests: the sha256 of each MiB of it in order (of nothing, for an empty file).
    """
    level = [
        _Node(_RAW + digest, length, length)
        for digest, length in zip(digests, _lengths(size_bytes), strict=True)
    ]
    while len(level) > 1:
        level = [_parent(level[at : at + MAX_LINKS]) for at in range(0, len(level), MAX_LINKS)]
    return "b" + base64.b32encode(level[0].cid).decode().lower().rstrip("=")


def cid_of(content: bytes) -> str:
    """The CID of a small file that is in memory."""
    view = memoryview(content)
    chunks = [view[at : at + CHUNK_BYTES] for at in range(0, len(view), CHUNK_BYTES)] or [view]
    return cid_of_chunks([hashlib.sha256(chunk).digest() for chunk in chunks], len(content))


def _lengths(size_bytes: int) -> list[int]:
    whole, rest = divmod(size_bytes, CHUNK_BYTES)
    return [CHUNK_BYTES] * whole + ([rest] if rest or not whole else [])


def _parent(children: Sequence[_Node]) -> _Node:
    links = b"".join(_field(2, _link(child)) for child in children)
    file_bytes = sum(child.file_bytes for child in children)
    sizes = b"".join(b"\x20" + _varint(child.file_bytes) for child in children)
    block = links + _field(1, _UNIXFS_FILE + b"\x18" + _varint(file_bytes) + sizes)
    return _Node(
        cid=_DAG_PB + hashlib.sha256(block).digest(),
        file_bytes=file_bytes,
        dag_bytes=len(block) + sum(child.dag_bytes for child in children),
    )


def _link(child: _Node) -> bytes:
    return _field(1, child.cid) + _EMPTY_NAME + b"\x18" + _varint(child.dag_bytes)


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    groups = list(_groups(value))
    return bytes([*(group | 0x80 for group in groups[:-1]), groups[-1]])


def _groups(value: int) -> Iterable[int]:
    while value > 0x7F:
        yield value & 0x7F
        value >>= 7
    yield value
