"""Xorbs and files as they are kept, and which pieces of them a range needs."""

import struct
from collections.abc import Sequence
from typing import Final

import msgspec

from souk.delivery.xet.hashes import HASH_BYTES
from souk.delivery.xet.xorbs import HEADER_BYTES, StoredChunk

_CHUNK: Final = struct.Struct("<32sII")
CHUNK_ROW_BYTES: Final = _CHUNK.size


class XorbRow(msgspec.Struct, frozen=True, kw_only=True):
    """A xorb without its chunks' hashes."""

    hash: str
    chunk_count: int
    size_bytes: int
    stored_bytes: int
    chunks: bytes
    source_sha256: str | None = None
    source_start: int | None = None

    def sizes(self) -> list[int]:
        """The unpacked length of each chunk."""
        return [size for _, size, _ in _CHUNK.iter_unpack(self.chunks)]

    def hashes(self) -> list[bytes]:
        """The hash of each chunk."""
        return [value for value, _, _ in _CHUNK.iter_unpack(self.chunks)]

    def all_chunks(self) -> list[StoredChunk]:
        """Everything known of each chunk."""
        return [StoredChunk(*found) for found in _CHUNK.iter_unpack(self.chunks)]

    def end_of(self, chunk: int) -> int:
        """Where a chunk ends in the xorb's bytes; -1 is the one before the first, and 0."""
        if chunk < 0:
            return 0
        at = chunk * CHUNK_ROW_BYTES + HASH_BYTES + 4
        return int.from_bytes(self.chunks[at : at + 4], "little")

    def byte_range(self, start: int, end: int) -> tuple[int, int]:
        """Where the chunks from `start` up to `end` lie in the xorb's bytes."""
        return self.end_of(start - 1), self.end_of(end - 1)


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """A run of chunks that is a piece of a file."""

    file_start: int
    size_bytes: int
    xorb: str
    chunk_start: int
    chunk_end: int


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """Terms that hold a range of a file, without the chunks that are outside it."""

    terms: list[Term]
    skip_bytes: int
    """How many bytes of the first term lie before the range."""


class FileRow(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it is kept."""

    hash: str
    sha256: str
    size_bytes: int


def pack_chunks(chunks: Sequence[StoredChunk]) -> bytes:
    """Chunks as a row keeps them."""
    return b"".join(_CHUNK.pack(chunk.hash, chunk.size_bytes, chunk.end) for chunk in chunks)


def plain_chunks(leaves: Sequence[tuple[bytes, int]]) -> list[StoredChunk]:
    """Chunks as they lie in a xorb that compresses none."""
    chunks, end = [], 0
    for value, size_bytes in leaves:
        end += HEADER_BYTES + size_bytes
        chunks.append(StoredChunk(value, size_bytes, end))
    return chunks


def cut_terms(terms: Sequence[Term], sizes: dict[str, list[int]], *, start: int, end: int) -> Cut:
    """The terms that hold the bytes from `start` up to `end`, cut at chunks.

    Args:
        terms: in order, all that overlap the range.
        sizes: the unpacked lengths of the chunks of each xorb.
    """
    if not terms:
        return Cut(terms=[], skip_bytes=0)
    kept = [_trim(term, sizes[term.xorb], start=start, end=end) for term in terms]
    return Cut(terms=kept, skip_bytes=start - kept[0].file_start)


def _trim(term: Term, sizes: Sequence[int], *, start: int, end: int) -> Term:
    first, file_start = term.chunk_start, term.file_start
    while first + 1 < term.chunk_end and file_start + sizes[first] <= start:
        file_start += sizes[first]
        first += 1
    last, file_end = term.chunk_end, term.file_start + term.size_bytes
    while last - 1 > first and file_end - sizes[last - 1] >= end:
        file_end -= sizes[last - 1]
        last -= 1
    return Term(
        file_start=file_start,
        size_bytes=file_end - file_start,
        xorb=term.xorb,
        chunk_start=first,
        chunk_end=last,
    )


def blob_name(xorb: str) -> str:
    """Where a xorb's bytes are in the blob store."""
    return f"xorbs/{xorb[:2]}/{xorb[2:4]}/{xorb}"
