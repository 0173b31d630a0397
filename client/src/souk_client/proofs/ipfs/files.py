"""The tree of a file: raw leaves of 1 MiB below nodes of at most 1024 links, balanced."""

import hashlib
from collections.abc import Sequence
from typing import Final

from souk_client.proofs.ipfs.cids import node_cid, raw_cid
from souk_client.proofs.ipfs.dagpb import PbLink, PbNode, encode_node
from souk_client.proofs.ipfs.trees import Dag, Entry
from souk_client.proofs.ipfs.unixfs import UnixFs, UnixFsKind

CHUNK_BYTES: Final = 2**20
MAX_LINKS: Final = 1024


def chunk_lengths(size_bytes: int) -> list[int]:
    """How long the leaves of a file are; an empty file has one empty leaf."""
    whole, rest = divmod(size_bytes, CHUNK_BYTES)
    return [CHUNK_BYTES] * whole + ([rest] if rest or not whole else [])


def file_dag(digests: Sequence[bytes], size_bytes: int) -> Dag:
    """The root of a file and its inner nodes; the leaves are the file's own bytes.

    Args:
        digests: the sha256 of each MiB of it in order (of nothing, for an empty file).
    """
    lengths = chunk_lengths(size_bytes)
    level = [
        Entry(raw_cid(digest), dag_bytes=length, file_bytes=length)
        for digest, length in zip(digests, lengths, strict=True)
    ]
    blocks: list[bytes] = []
    while len(level) > 1:
        groups = [level[at : at + MAX_LINKS] for at in range(0, len(level), MAX_LINKS)]
        made = [_parent(group) for group in groups]
        level = [entry for entry, _ in made]
        blocks += [block for _, block in made]
    return Dag(level[0], blocks)


class FileHasher:
    """Takes the bytes of a file in any pieces; gives the sha256 of each MiB and of the whole."""

    def __init__(self) -> None:
        self._whole = hashlib.sha256()
        self._chunk = hashlib.sha256()
        self._filled = 0
        self._digests: list[bytes] = []
        self.size_bytes = 0

    def update(self, piece: bytes | memoryview) -> None:
        """The next bytes."""
        view = memoryview(piece)
        self._whole.update(view)
        self.size_bytes += len(view)
        while view:
            taken = view[: CHUNK_BYTES - self._filled]
            self._chunk.update(taken)
            self._filled += len(taken)
            view = view[len(taken) :]
            if self._filled == CHUNK_BYTES:
                self._digests.append(self._chunk.digest())
                self._chunk, self._filled = hashlib.sha256(), 0

    @property
    def sha256(self) -> str:
        return self._whole.hexdigest()

    def digests(self) -> list[bytes]:
        """The sha256 of each MiB so far, the last of what there is of it."""
        begun = self._filled or not self._digests
        return [*self._digests, *([self._chunk.digest()] if begun else [])]

    def dag(self) -> Dag:
        """The tree of what came so far."""
        return file_dag(self.digests(), self.size_bytes)


def _parent(children: Sequence[Entry]) -> tuple[Entry, bytes]:
    links = tuple(PbLink(child.cid, dag_bytes=child.dag_bytes) for child in children)
    sizes = tuple(child.file_bytes for child in children)
    data = UnixFs(UnixFsKind.FILE, file_bytes=sum(sizes), block_sizes=sizes).encoded()
    block = encode_node(PbNode(links, data))
    dag_bytes = len(block) + sum(child.dag_bytes for child in children)
    return Entry(node_cid(block), dag_bytes=dag_bytes, file_bytes=sum(sizes)), block
