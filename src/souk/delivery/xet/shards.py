"""Shards: what a client says of the files and xorbs that it has sent, in records of 48 bytes.

Source: the Xet protocol specification, "MDB Shard File Format". A shard is a header, a list of
files, a list of xorbs, and a footer, which what a client sends may lack: both lists end with a
record of their own, so that nothing has to be looked up.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from souk.delivery.xet.errors import ShardInvalid

_RECORD_BYTES: Final = 48
_TAG: Final = b"HFRepoMetaData\x00" + bytes.fromhex("556967456a7b815783a5bdd95ccdd14aa9")
_HEADER: Final = struct.Struct("<32sQQ")
_HEADER_VERSION: Final = 2
_FOOTER_VERSION: Final = 1
_FOOTER: Final = struct.Struct("<9Q32s2Q48s4Q")
_ENTRY: Final = struct.Struct("<32s4I")
_XORB: Final = _ENTRY
"""Hash, flags, number of chunks, unpacked bytes, stored bytes."""
_FILE: Final = struct.Struct("<32s2I8x")
_HASH: Final = struct.Struct("<32s16x")
_CHUNK: Final = struct.Struct("<32s2I8x")
_END: Final = b"\xff" * 32 + bytes(16)
_NO_KEY: Final = bytes(32)
_HAS_VERIFICATION: Final = 1 << 31
_HAS_METADATA: Final = 1 << 30


class ShardTerm(msgspec.Struct, frozen=True):
    """A run of chunks of a xorb that is a piece of a file."""

    xorb: bytes
    size_bytes: int
    """Unpacked."""
    start: int
    end: int
    """Chunks by their index; `end` is not among them."""


class ShardFile(msgspec.Struct, frozen=True):
    """A file as its sender describes it."""

    hash: bytes
    terms: list[ShardTerm]
    term_hashes: list[bytes]
    """One for each term, or none at all."""
    sha256: str | None
    """The 32 bytes in hexadecimal, as they stand there."""


class ShardXorb(msgspec.Struct, frozen=True):
    """A xorb as a shard lists it."""

    hash: bytes
    chunks: list[tuple[bytes, int]]
    """Hash and unpacked length of each."""
    stored_bytes: int
    """How many bytes it takes, its chunks' headers included."""


class Shard(msgspec.Struct, frozen=True):
    """What a client sends."""

    files: list[ShardFile]
    xorbs: list[ShardXorb]


class _Reader:
    """Reads one record after another, and never past the end."""

    def __init__(self, content: bytes, *, at: int) -> None:
        self._content = content
        self._at = at

    def record(self) -> bytes:
        record = self._content[self._at : self._at + _RECORD_BYTES]
        if len(record) < _RECORD_BYTES:
            raise ShardInvalid("it ends where a record of 48 bytes should be")
        self._at += _RECORD_BYTES
        return record

    def records(self, count: int) -> Iterator[bytes]:
        """So many records; that they are all there is known before the first is read."""
        if count * _RECORD_BYTES > len(self._content) - self._at:
            raise ShardInvalid(f"it says that {count} records follow, and is too short for them")
        return (self.record() for _ in range(count))


def read_shard(content: bytes) -> Shard:
    """The files and xorbs of a shard.

    Raises:
        ShardInvalid: it is none.
    """
    if len(content) < _HEADER.size:
        raise ShardInvalid("it is shorter than a shard's header")
    tag, version, _footer_bytes = _HEADER.unpack_from(content)
    if tag != _TAG:
        raise ShardInvalid("it does not begin as a shard does")
    if version != _HEADER_VERSION:
        raise ShardInvalid(f"its header has version {version}, not {_HEADER_VERSION}")
    reader = _Reader(content, at=_HEADER.size)
    return Shard(list(_read_files(reader)), list(_read_xorbs(reader)))


def _read_files(reader: _Reader) -> Iterator[ShardFile]:
    while (record := reader.record())[:32] != _END[:32]:
        file_hash, flags, count = _FILE.unpack(record)
        terms = [
            ShardTerm(xorb, size_bytes, start, end)
            for xorb, _flags, size_bytes, start, end in map(_ENTRY.unpack, reader.records(count))
        ]
        verified = count if flags & _HAS_VERIFICATION else 0
        term_hashes = [_HASH.unpack(entry)[0] for entry in reader.records(verified)]
        described = 1 if flags & _HAS_METADATA else 0
        sha256s = [_HASH.unpack(entry)[0] for entry in reader.records(described)]
        yield ShardFile(file_hash, terms, term_hashes, sha256s[0].hex() if sha256s else None)


def _read_xorbs(reader: _Reader) -> Iterator[ShardXorb]:
    while (record := reader.record())[:32] != _END[:32]:
        xorb, _flags, count, _size_bytes, stored_bytes = _XORB.unpack(record)
        chunks = []
        for entry in reader.records(count):
            chunk, _start, size_bytes = _CHUNK.unpack(entry)
            chunks.append((chunk, size_bytes))
        yield ShardXorb(xorb, chunks, stored_bytes)


def write_shard(
    xorbs: Sequence[ShardXorb], *, key: bytes = _NO_KEY, made_at: int = 0, expires_at: int = 0
) -> bytes:
    """A shard that lists xorbs: the answer to a de-duplication query.

    Args:
        key: under what the chunk hashes are hidden; written into the footer.
        made_at, expires_at: unix seconds.
    """
    parts = [_HEADER.pack(_TAG, _HEADER_VERSION, _FOOTER.size), _END]
    for xorb in xorbs:
        size_bytes = sum(length for _, length in xorb.chunks)
        parts.append(_XORB.pack(xorb.hash, 0, len(xorb.chunks), size_bytes, xorb.stored_bytes))
        start = 0
        for chunk, length in xorb.chunks:
            parts.append(_CHUNK.pack(chunk, start, length))
            start += length
    parts.append(_END)
    files_at = _HEADER.size
    footer_at = sum(len(part) for part in parts)
    lookups = (footer_at, 0) * 3
    stored = sum(xorb.stored_bytes for xorb in xorbs)
    unpacked = sum(length for xorb in xorbs for _, length in xorb.chunks)
    parts.append(
        _FOOTER.pack(
            _FOOTER_VERSION,
            files_at,
            files_at + _RECORD_BYTES,
            *lookups,
            key,
            made_at,
            expires_at,
            bytes(48),
            stored,
            0,
            unpacked,
            footer_at,
        )
    )
    return b"".join(parts)
