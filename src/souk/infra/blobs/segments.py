"""The form of an encrypted blob: AES-256-GCM, one MiB of plaintext a segment.

A blob is a header and its segments. The header names the format and the blob's data key; each
segment is a random 96-bit nonce, the encrypted bytes and a 128-bit tag. What is authenticated with
a segment says which blob it belongs to, how long the blob is, which segment this is and whether it
is the last one, so that a blob that was cut, extended, reordered or swapped with another is found
at the first segment that is read. A key belongs to one blob: 2^24 segments (16 TiB) under random
nonces stay far below the 2^32 that NIST SP 800-38D allows.

The idea of numbered segments with a mark on the last is STREAM's (Hoang, Reyhanitabar, Rogaway,
Vizár: Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance, CRYPTO 2015). Nonces
are random rather than counted, because a part of an upload may be sent, and so encrypted, twice.
"""

import os
import struct
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from souk.infra.keyring.data_keys import KEY_ID_BYTES, DataKey

SEGMENT_BYTES: Final = 2**20
"""Plaintext in each segment but the last."""
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
SEALED_BYTES: Final = NONCE_BYTES + SEGMENT_BYTES + TAG_BYTES
"""A whole segment as it is stored."""
_OVERHEAD: Final = NONCE_BYTES + TAG_BYTES
_HEADER: Final = struct.Struct(f">8sII{KEY_ID_BYTES}s")
_MAGIC: Final = b"souk-aes"
_VERSION: Final = 1
HEADER_BYTES: Final = _HEADER.size
_BOUND: Final = struct.Struct(f">{KEY_ID_BYTES}sQQ?")


class BlobDamaged(Exception):
    """An encrypted blob that was changed since, cut short, or swapped with another."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"the encrypted blob {name} is damaged: {problem}")
        self.name = name


def header_of(key_id: bytes) -> bytes:
    """What an encrypted blob begins with."""
    return _HEADER.pack(_MAGIC, _VERSION, SEGMENT_BYTES, key_id)


def key_id_in(header: bytes, *, name: str) -> bytes:
    """Which key a blob was encrypted with.

    Raises:
        BlobDamaged: this is no header of ours.
    """
    if len(header) != HEADER_BYTES:
        raise BlobDamaged(name, "it ends within its header")
    magic, version, segment_bytes, key_id = _HEADER.unpack(header)
    if (magic, version, segment_bytes) != (_MAGIC, _VERSION, SEGMENT_BYTES):
        raise BlobDamaged(name, "its header is of another form")
    assert isinstance(key_id, bytes)
    return key_id


def segments_of(size_bytes: int) -> int:
    """How many segments hold so many bytes: at least one, so that nothing can be cut to nothing."""
    return max(1, -(-size_bytes // SEGMENT_BYTES))


def stored_size(size_bytes: int) -> int:
    """How long the blob of so many bytes is."""
    return HEADER_BYTES + size_bytes + segments_of(size_bytes) * _OVERHEAD


def plain_size(stored_bytes: int, *, name: str) -> int:
    """How many bytes a blob of this length holds.

    Raises:
        BlobDamaged: no blob has this length.
    """
    body = stored_bytes - HEADER_BYTES
    count = max(1, -(-body // SEALED_BYTES))
    size_bytes = body - count * _OVERHEAD
    if size_bytes < 0 or stored_size(size_bytes) != stored_bytes:
        raise BlobDamaged(name, "its length is none that a blob can have")
    return size_bytes


def stored_at(number: int) -> int:
    """Where segment `number`, from 0, begins in the blob."""
    return HEADER_BYTES + number * SEALED_BYTES


class SegmentCipher:
    """Encrypts and decrypts the segments of one blob; used by any thread.

    Args:
        key: the blob's data key.
        name: the blob's name, which says whose bytes these are.
        size_bytes: how many bytes of plaintext the whole blob has.
    """

    def __init__(self, key: DataKey, *, name: str, size_bytes: int) -> None:
        self._cipher = AESGCM(key.secret)
        self._key_id = key.id
        self._name = name
        self.size_bytes = size_bytes
        self.count = segments_of(size_bytes)

    @property
    def header(self) -> bytes:
        """What the blob begins with."""
        return header_of(self._key_id)

    def seal(self, number: int, pieces: Sequence[bytes | memoryview]) -> bytes:
        """A segment as it is stored, of plaintext in pieces."""
        plain = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, self._bound(number))

    def open(self, number: int, sealed: bytes | memoryview) -> bytes:
        """The plaintext of a segment.

        Raises:
            BlobDamaged: these are not the bytes that `seal` made of this segment.
        """
        view = memoryview(sealed)
        try:
            return self._cipher.decrypt(view[:NONCE_BYTES], view[NONCE_BYTES:], self._bound(number))
        except (InvalidTag, ValueError) as error:
            raise BlobDamaged(self._name, f"segment {number} does not open") from error

    def stored_length(self, number: int) -> int:
        """How long segment `number` is as it is stored."""
        plain = min(SEGMENT_BYTES, self.size_bytes - number * SEGMENT_BYTES)
        return plain + _OVERHEAD

    def _bound(self, number: int) -> bytes:
        """What is authenticated with a segment (its associated data)."""
        last = number == self.count - 1
        place = _BOUND.pack(self._key_id, self.size_bytes, number, last)
        return b"souk/segment/1\0" + place + self._name.encode()
