"""Shards as a client writes them, and as no client should."""

import struct
from collections.abc import Sequence

from souk.delivery.xet.shards import write_shard

END = b"\xff" * 32 + bytes(16)
_TAG = write_shard([])[:32]


def header(*, version: int = 2) -> bytes:
    return struct.pack("<32sQQ", _TAG, version, 0)


def file_record(file_hash: bytes, *, flags: int, count: int) -> bytes:
    return struct.pack("<32s2I8x", file_hash, flags, count)


def shard(
    file_hash: bytes,
    terms: Sequence[tuple[bytes, int, int, int]],
    *,
    term_hashes: Sequence[bytes] | None = None,
    sha256: bytes | None = None,
    listed: bytes = b"",
) -> bytes:
    """A shard of one file.

    Args:
        terms: xorb, bytes, first chunk, chunk after the last.
        term_hashes: zeros when left out; an empty list writes none.
        listed: records of xorbs.
    """
    verified = [bytes(32)] * len(terms) if term_hashes is None else term_hashes
    flags = (1 << 31 if verified else 0) | (1 << 30 if sha256 else 0)
    parts = [header(), file_record(file_hash, flags=flags, count=len(terms))]
    parts += [struct.pack("<32s4I", xorb, 0, size, start, end) for xorb, size, start, end in terms]
    parts += [value + bytes(16) for value in verified]
    parts += [sha256 + bytes(16)] if sha256 else []
    return b"".join(parts) + END + listed + END
