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

FOOTER_MAX_BYTES: Final = 1024 + 48 * XORB_MAX_CHUNKS
"""What a client may put behind the chunks; it is dropped."""

Buffer = bytes | memoryview
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


class XorbReader:
    """Reads a whole xorb as it arrives: every chunk is unpacked and hashed, none is kept.

    One thread at a time may call it; what stays in memory is the beginning of one chunk.
    """

    def __init__(self) -> None:
        self.chunks: list[StoredChunk] = []
        self.end = 0
        """How many bytes the chunks take."""
        self._rest = b""

    def take(self, block: bytes) -> None:
        """The next bytes.

        Raises:
            XorbInvalid: it is no xorb.
        """
        content = memoryview(self._rest + block if self._rest else block)
        at = 0
        for packed, at in _walk(content):
            if len(self.chunks) == XORB_MAX_CHUNKS:
                raise XorbInvalid(f"it has more than {XORB_MAX_CHUNKS} chunks")
            if not packed.size_bytes:
                raise XorbInvalid(f"chunk {len(self.chunks)} is empty")
            raw = unpack(packed)
            end = self.end + at
            self.chunks.append(StoredChunk(chunk_hash(raw), len(raw), end))
        self.end += at
        self._rest = bytes(content[at:])
        if len(self._rest) > FOOTER_MAX_BYTES:
            raise XorbInvalid("its footer is too long")

    def finish(self) -> None:
        """There are no more.

        Raises:
            XorbInvalid: it has no chunks, or ends before it should.
        """
        _check_rest(memoryview(self._rest))
        if not self.chunks:
            raise XorbInvalid("it has no chunks")


def read_xorb(content: bytes) -> tuple[list[StoredChunk], int]:
    """The chunks of a whole xorb that is in memory, and how many bytes they take.

    Raises:
        XorbInvalid: it is no xorb.
    """
    reader = XorbReader()
    reader.take(content)
    reader.finish()
    return reader.chunks, reader.end


def unpack_run(content: memoryview) -> Iterator[Buffer]:
    """The bytes of each chunk of a run of whole chunks.

    Raises:
        XorbInvalid: it is no such run.
    """
    whole = 0
    for packed, end in _walk(content):
        yield unpack(packed)
        whole = end
    _check_rest(content[whole:])


def pack_header(size_bytes: int) -> bytes:
    """The header of a chunk that is stored as it is; its bytes follow."""
    return _header(_NONE, size_bytes, size_bytes)


def pack(content: bytes) -> bytes:
    """A chunk with its header, compressed when that makes it shorter."""
    packed: bytes = lz4.frame.compress(content)
    if len(packed) >= len(content):
        return pack_header(len(content)) + content
    return _header(_LZ4, len(packed), len(content)) + packed


def unpack(packed: Packed) -> Buffer:
    """The bytes of a chunk, as many as its header says; a view where they lie as they are.

    Raises:
        XorbInvalid: they are more, fewer, or cannot be unpacked.
    """
    raw: Buffer = packed.content
    if packed.scheme != _NONE:
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


def ungroup(content: Buffer) -> bytes:
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
    """Whole chunks, and where each ends; stops before a footer and before half a chunk."""
    at = 0
    while at + HEADER_BYTES <= len(content) and not _is_footer(content[at:]):
        header = content[at : at + HEADER_BYTES]
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
        start, end = at + HEADER_BYTES, at + HEADER_BYTES + packed_bytes
        if end > len(content):
            return
        at = end
        yield Packed(header[4], size_bytes, content[start:end]), end


def _is_footer(content: memoryview) -> bool:
    return bytes(content[: len(_FOOTER)]) == _FOOTER


def _check_rest(rest: memoryview) -> None:
    """What is behind the last whole chunk: nothing, or a footer whose end says how long it is."""
    if not _is_footer(rest):
        if rest:
            within = "a chunk" if len(rest) >= HEADER_BYTES else "a chunk's header"
            raise XorbInvalid(f"it ends within {within}")
        return
    length = int.from_bytes(rest[-4:], "little")
    if len(rest) < len(_FOOTER) + 1 + 4 or length != len(rest) - 4:
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
