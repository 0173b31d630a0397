"""Whether what a shard says of a file is true of the chunks it names."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from souk.delivery.xet.errors import ShardInvalid
from souk.delivery.xet.hashes import Leaf, file_hash, term_hash, to_text
from souk.delivery.xet.model import Term, XorbRow
from souk.delivery.xet.shards import Shard, ShardFile, ShardXorb

MIB: Final = 2**20


class CheckedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file whose hash follows from its chunks; its content has not been read yet."""

    hash: str
    size_bytes: int
    terms: list[Term]
    first_chunk: bytes | None
    """None in an empty file."""
    said_sha256: str | None
    """What the sender says; to be compared with `writings` of the true one."""


class KnownXorb(msgspec.Struct, frozen=True):
    """The chunks of a xorb, unpacked once for all files that are built on it."""

    hashes: list[bytes]
    sizes: list[int]


def known(rows: Mapping[str, XorbRow]) -> dict[str, KnownXorb]:
    """What `check_file` needs of each xorb."""
    return {name: KnownXorb(row.hashes(), row.sizes()) for name, row in rows.items()}


def check_limits(shard: Shard, *, max_terms: int) -> None:
    """Raises ShardInvalid when the shard names too much, or says too little of what it names."""
    if sum(len(file.terms) for file in shard.files) > max_terms:
        raise ShardInvalid(f"its files have more than {max_terms} terms")
    for file in shard.files:
        if len(file.term_hashes) != len(file.terms):
            raise ShardInvalid(f"file {to_text(file.hash)} has no verification entries")


def check_file(
    file: ShardFile, xorbs: Mapping[str, KnownXorb], *, max_file_bytes: int
) -> CheckedFile:
    """The file, when its terms are runs of chunks of these xorbs that make its hash.

    Raises:
        ShardInvalid: a run, its length, its verification hash or the file's hash is not right.
    """
    name = to_text(file.hash)
    leaves: list[Leaf] = []
    terms: list[Term] = []
    at = 0
    for term, expected in zip(file.terms, file.term_hashes, strict=True):
        xorb = to_text(term.xorb)
        chunks = xorbs[xorb]
        if not term.start < term.end <= len(chunks.hashes):
            raise ShardInvalid(
                f"file {name} names chunks {term.start} to {term.end} of xorb {xorb}, which has "
                f"{len(chunks.hashes)}"
            )
        hashes = chunks.hashes[term.start : term.end]
        sizes = chunks.sizes[term.start : term.end]
        if sum(sizes) != term.size_bytes:
            raise ShardInvalid(
                f"a term of file {name} says {term.size_bytes} bytes; its chunks have {sum(sizes)}"
            )
        if term_hash(hashes) != expected:
            raise ShardInvalid(f"a verification hash of file {name} is not that of its chunks")
        leaves += zip(hashes, sizes, strict=True)
        terms.append(
            Term(
                file_start=at,
                size_bytes=term.size_bytes,
                xorb=xorb,
                chunk_start=term.start,
                chunk_end=term.end,
            )
        )
        at += term.size_bytes
        if at > max_file_bytes:
            raise ShardInvalid(f"file {name} has more than {max_file_bytes} bytes")
    if file_hash(leaves) != file.hash:
        raise ShardInvalid(f"the chunks of file {name} make the hash {to_text(file_hash(leaves))}")
    return CheckedFile(
        hash=name,
        size_bytes=at,
        terms=terms,
        first_chunk=leaves[0][0] if leaves else None,
        said_sha256=file.sha256,
    )


def check_listed(listed: Sequence[ShardXorb], xorbs: Mapping[str, KnownXorb]) -> None:
    """Raises ShardInvalid when the shard lists a xorb with other chunks than it has."""
    for xorb in listed:
        chunks = xorbs[to_text(xorb.hash)]
        if xorb.chunks != list(zip(chunks.hashes, chunks.sizes, strict=True)):
            raise ShardInvalid(f"it lists chunks that xorb {to_text(xorb.hash)} does not have")


class Digests:
    """The sha256 of a file and of each MiB of it, as its bytes come by.

    `take_whole` and `take_mibs` both want all of the bytes, in order; they share nothing, so that
    two threads may work side by side.
    """

    def __init__(self) -> None:
        self._whole = hashlib.sha256()
        self._mib = hashlib.sha256()
        self._filled = 0
        self._digests: list[bytes] = []

    def take_whole(self, pieces: Sequence[memoryview]) -> None:
        """The next bytes, for the hash of everything."""
        for piece in pieces:
            self._whole.update(piece)

    def take_mibs(self, pieces: Sequence[memoryview]) -> None:
        """The next bytes, for the hash of each MiB."""
        for block in pieces:
            rest = block
            while rest:
                piece = rest[: MIB - self._filled]
                self._mib.update(piece)
                self._filled += len(piece)
                rest = rest[len(piece) :]
                if self._filled == MIB:
                    self._end_mib()

    def sha256(self) -> str:
        """Of everything."""
        return self._whole.hexdigest()

    def mib_digests(self) -> list[bytes]:
        """Of each MiB in order, the last one perhaps shorter; of nothing when there was nothing."""
        if self._filled or not self._digests:
            self._end_mib()
        return self._digests

    def _end_mib(self) -> None:
        self._digests.append(self._mib.digest())
        self._mib = hashlib.sha256()
        self._filled = 0


def writings(sha256: str) -> set[str]:
    """How a shard may write a sha256: as the bytes are, or as the client does, like a hash."""
    return {sha256, to_text(bytes.fromhex(sha256))}
