"""Xorbs: chunks in a row, each compressed behind a header of eight bytes.

Source: the Xet protocol specification, "Xorb Format". What a client puts behind the last chunk (a
footer that begins with `XETBLOB`) says nothing that the chunks do not; it is checked for its
length, dropped, and made anew by whoever needs it.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import lz4.frame
import msgspec
import numpy as np

from souk.delivery.xet.chunking import CHUNK_MAX_BYTES
from souk.delivery.xet.errors import XorbInvalid
from souk.delivery.xet.hashes import Leaf, chunk_hash

XORB_MAX_CHUNKS: Final = 8 * 1024
XORB_MAX_BYTES: Final = 64 * 2**20
HEADER_BYTES: Final = 8
XORB_TAKEN_BYTES: Final = XORB_MAX_BYTES + HEADER_BYTES * XORB_MAX_CHUNKS
"""The longest xorb that is taken: hf_xet counts 64 MiB of content, and the headers come on top."""

_NONE, _LZ4, _GROUPED_LZ4 = 0, 1, 2
_FOOTER: Final = b"XETBLOB"
_PACKED_MAX_BYTES: Final = 2 * CHUNK_MAX_BYTES
_GROUPS: Final = 4


class StoredChunk(msgspec.Struct, frozen=True):
    """A chunk of a xorb: where it ends in the xorb's bytes, and what is in it."""

    hash: bytes
    size_bytes: int
    """Unpacked."""
    end: int
    """Where its compressed bytes end; they begin, header first, where those before it end."""


class Packed(msgspec.Struct, frozen=True):
    """A chunk as it lies in a xorb."""

    scheme: int
    size_bytes: int
    content: memoryview


def read_xorb(content: memoryview) -> tuple[list[StoredChunk], int]:
    """The chunks of a whole xorb, every one unpacked and hashed, and how many bytes they take.

    Raises:
        XorbInvalid: it is no xorb.
    """
    chunks: list[StoredChunk] = []
    end = 0
    for packed, end in _walk(content):
        if len(chunks) == XORB_MAX_CHUNKS:
            raise XorbInvalid(f"it has more than {XORB_MAX_CHUNKS} chunks")
        if not packed.size_bytes:
            raise XorbInvalid(f"chunk {len(chunks)} is empty")
        raw = unpack(packed)
        chunks.append(StoredChunk(chunk_hash(raw), len(raw), end))
    if not chunks:
        raise XorbInvalid("it has no chunks")
    return chunks, end


def unpack_run(content: memoryview) -> Iterator[bytes]:
    """The bytes of each chunk of a run of whole chunks.

    Raises:
        XorbInvalid: it is no such run.
    """
    for packed, _ in _walk(content):
        yield unpack(packed)


def pack_header(size_bytes: int) -> bytes:
    """The header of a chunk that is stored as it is; its bytes follow."""
    return _header(_NONE, size_bytes, size_bytes)


def pack(content: bytes) -> bytes:
    """A chunk with its header, compressed when that makes it shorter."""
    packed: bytes = lz4.frame.compress(content)
    if len(packed) >= len(content):
        return pack_header(len(content)) + content
    return _header(_LZ4, len(packed), len(content)) + packed


def unpack(packed: Packed) -> bytes:
    """The bytes of a chunk, as many as its header says.

    Raises:
        XorbInvalid: they are more, fewer, or cannot be unpacked.
    """
    if packed.scheme == _NONE:
        raw = bytes(packed.content)
    else:
        raw = _decompress(packed)
        if packed.scheme == _GROUPED_LZ4:
            raw = ungroup(raw)
    if len(raw) != packed.size_bytes:
        raise XorbInvalid(f"a chunk has {len(raw)} bytes, and its header says {packed.size_bytes}")
    return raw


def group(content: bytes) -> bytes:
    """The first bytes of each four, then the second ones, the third, the fourth."""
    array = np.frombuffer(content, dtype=np.uint8)
    return b"".join(array[at::_GROUPS].tobytes() for at in range(_GROUPS))


def ungroup(content: bytes) -> bytes:
    """What `group` was given."""
    array = np.frombuffer(content, dtype=np.uint8)
    whole = np.empty_like(array)
    start = 0
    for at in range(_GROUPS):
        length = len(range(at, len(array), _GROUPS))
        whole[at::_GROUPS] = array[start : start + length]
        start += length
    return whole.tobytes()


def leaves(chunks: Sequence[StoredChunk]) -> list[Leaf]:
    """Chunks as a hash tree takes them."""
    return [(chunk.hash, chunk.size_bytes) for chunk in chunks]


def _walk(content: memoryview) -> Iterator[tuple[Packed, int]]:
    at = 0
    while at < len(content):
        if bytes(content[at : at + len(_FOOTER)]) == _FOOTER:
            _check_footer(content[at:])
            return
        header = content[at : at + HEADER_BYTES]
        if len(header) < HEADER_BYTES:
            raise XorbInvalid("it ends within a chunk's header")
        if header[0] != 0:
            raise XorbInvalid(f"a chunk's header has version {header[0]}, not 0")
        packed_bytes = int.from_bytes(header[1:4], "little")
        size_bytes = int.from_bytes(header[5:8], "little")
        if header[4] not in {_NONE, _LZ4, _GROUPED_LZ4}:
            raise XorbInvalid(f"compression {header[4]} is none of 0, 1, 2")
        if size_bytes > CHUNK_MAX_BYTES:
            raise XorbInvalid(f"a chunk has {size_bytes} bytes, more than {CHUNK_MAX_BYTES}")
        if packed_bytes > _PACKED_MAX_BYTES:
            raise XorbInvalid(f"a chunk takes {packed_bytes} bytes, more than it may")
        at += HEADER_BYTES
        if at + packed_bytes > len(content):
            raise XorbInvalid("it ends within a chunk")
        packed = Packed(header[4], size_bytes, content[at : at + packed_bytes])
        at += packed_bytes
        yield packed, at


def _check_footer(footer: memoryview) -> None:
    """Its last four bytes say how long the rest of it is."""
    length = int.from_bytes(footer[-4:], "little")
    if len(footer) < len(_FOOTER) + 1 + 4 or length != len(footer) - 4:
        raise XorbInvalid("its footer is not as long as it says")


def _decompress(packed: Packed) -> bytes:
    """Never more than the header allows, whatever the frame would give."""
    reader = lz4.frame.LZ4FrameDecompressor()
    try:
        raw: bytes = reader.decompress(packed.content, max_length=packed.size_bytes + 1)
    except (RuntimeError, EOFError) as error:
        raise XorbInvalid("a chunk's LZ4 frame cannot be unpacked") from error
    if len(raw) <= packed.size_bytes and (not reader.eof or reader.unused_data):
        raise XorbInvalid("a chunk is not one whole LZ4 frame")
    return raw


def _header(scheme: int, packed_bytes: int, size_bytes: int) -> bytes:
    return (
        b"\0"
        + packed_bytes.to_bytes(3, "little")
        + bytes([scheme])
        + size_bytes.to_bytes(3, "little")
    )
