"""Encrypting and decrypting files on the local disk; blocking, for threads."""

import os
from dataclasses import dataclass
from pathlib import Path

from souk.infra.blobs.segments import (
    SEGMENT_BYTES,
    SegmentCipher,
    segments_of,
    stored_at,
)
from souk.infra.keyring.data_keys import DataKey, DataKeys


@dataclass(frozen=True, slots=True)
class Sealing:
    """Whose keys encrypted blobs have, and whether new ones are encrypted."""

    keys: DataKeys
    new_ones: bool


def seal_file(source: Path, target: Path, key: DataKey, *, name: str) -> None:
    """Writes the encrypted blob of a file; both lie on the disk until the caller removes one."""
    cipher = SegmentCipher(key, name=name, size_bytes=source.stat().st_size)
    with source.open("rb", buffering=0) as plain, target.open("wb", buffering=0) as sealed:
        target.chmod(0o600)
        sealed.write(cipher.header)
        for number in range(segments_of(cipher.size_bytes)):
            sealed.write(cipher.seal(number, [_read_whole(plain.fileno(), number)]))


def read_segment(file: int, cipher: SegmentCipher, number: int) -> bytes:
    """The plaintext of a segment of an open file.

    Raises:
        BlobDamaged: it was changed, or is not there.
    """
    length = cipher.stored_length(number)
    return cipher.open(number, _pread(file, length, stored_at(number)))


def read_range(path: Path, start: int, end: int) -> bytes:
    """The bytes of a file from `start` up to `end`, or to where it ends."""
    file = os.open(path, os.O_RDONLY)
    try:
        return _pread(file, end - start, start)
    finally:
        os.close(file)


def _read_whole(file: int, number: int) -> bytes:
    return _pread(file, SEGMENT_BYTES, number * SEGMENT_BYTES)


def _pread(file: int, length: int, at: int) -> bytes:
    content = os.pread(file, length, at)
    while len(content) < length and (
        more := os.pread(file, length - len(content), at + len(content))
    ):
        content += more  # the kernel gave less than there is
    return content
