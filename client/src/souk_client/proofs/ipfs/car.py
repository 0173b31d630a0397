"""CAR files: a header with roots, then blocks with their CIDs. Source: the CARv1 specification.

The header is dag-cbor of one shape, so that it is written and read here without a CBOR library.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from souk_client.proofs.errors import ProofError
from souk_client.proofs.ipfs.cids import Cid, read_cid
from souk_client.proofs.ipfs.dagpb import MAX_BLOCK_BYTES
from souk_client.proofs.ipfs.varint import MAX_BYTES, encode_varint, read_varint

MAX_ROOTS: Final = 16
MAX_HEADER_BYTES: Final = 4096
MAX_FRAME_BYTES: Final = MAX_BLOCK_BYTES + 1024
"""A block with its CID."""

_MAP_OF_TWO: Final = b"\xa2"
_ROOTS: Final = b"\x65roots"
_VERSION_ONE: Final = b"\x67version\x01"
_LINK: Final = b"\xd8\x2a"


def car_header(roots: Sequence[Cid]) -> bytes:
    """How a CAR file of these roots begins."""
    links = b"".join(_LINK + _sized(0x40, len(r.binary) + 1) + b"\0" + r.binary for r in roots)
    body = _MAP_OF_TWO + _ROOTS + _sized(0x80, len(roots)) + links + _VERSION_ONE
    return encode_varint(len(body)) + body


def car_frame(cid: Cid, block_bytes: int) -> bytes:
    """What stands before a block of this length."""
    name = cid.binary
    return encode_varint(len(name) + block_bytes) + name


class CarReader:
    """Takes a CAR file in any pieces; gives its blocks, each checked against its CID.

    Attributes:
        roots: what the header names; empty until it has arrived.
    """

    def __init__(self) -> None:
        self.roots: tuple[Cid, ...] = ()
        self._buffer = bytearray()
        self._begun = False

    def feed(self, piece: bytes) -> Iterator[tuple[Cid, bytes]]:
        """The blocks that are whole with this piece; of identity CIDs there are none.

        Raises:
            ProofError: it is no CARv1 file, too large in a part, or a block is not what its CID
                says.
        """
        self._buffer += piece
        while (frame := self._next_frame()) is not None:
            if not self._begun:
                self.roots = _read_header(frame)
                self._begun = True
                continue
            cid, start = read_cid(frame, 0)
            block = frame[start:]
            if len(block) > MAX_BLOCK_BYTES:
                raise ProofError(f"A block of the CAR file has more than {MAX_BLOCK_BYTES} bytes.")
            if not cid.names(block):
                raise ProofError(f"A block of the CAR file is not what its CID {cid} says.")
            yield cid, block

    def finish(self) -> None:
        """Raises ProofError when the file breaks off."""
        if self._buffer or not self._begun:
            raise ProofError("The CAR file breaks off.")

    def _next_frame(self) -> bytes | None:
        head = self._buffer[:MAX_BYTES]
        if not any(byte < 0x80 for byte in head):
            if len(head) == MAX_BYTES:
                raise ProofError("The CAR file holds a length that cannot be read.")
            return None
        length, start = read_varint(bytes(head), 0, what="CAR file")
        limit = MAX_FRAME_BYTES if self._begun else MAX_HEADER_BYTES
        if not 1 <= length <= limit:
            what = "block" if self._begun else "header"
            raise ProofError(f"The CAR file has a {what} of {length} bytes; {limit} is the most.")
        if len(self._buffer) < start + length:
            return None
        frame = bytes(self._buffer[start : start + length])
        del self._buffer[: start + length]
        return frame


def _sized(kind: int, length: int) -> bytes:
    """The head of a CBOR string or array."""
    if length < 24:
        return bytes([kind | length])
    return bytes([kind | 24, length]) if length < 256 else bytes([kind | 25, *divmod(length, 256)])


def _read_header(body: bytes) -> tuple[Cid, ...]:
    """The roots of a header; its two members may stand in either order."""
    wrong = ProofError("The CAR file's header is not one of version 1.")
    rest = body.removeprefix(_MAP_OF_TWO)
    if rest == body:
        raise wrong
    if rest.startswith(_VERSION_ONE):
        rest = rest.removeprefix(_VERSION_ONE) + _VERSION_ONE
    if not rest.startswith(_ROOTS) or not rest.endswith(_VERSION_ONE):
        raise wrong
    rest = rest.removeprefix(_ROOTS).removesuffix(_VERSION_ONE)
    count, at = _read_sized(rest, 0, kind=0x80)
    if count > MAX_ROOTS:
        raise ProofError(f"The CAR file names more than {MAX_ROOTS} roots.")
    roots = []
    for _ in range(count):
        if rest[at : at + 2] != _LINK:
            raise wrong
        length, at = _read_sized(rest, at + 2, kind=0x40)
        if rest[at : at + 1] != b"\0":
            raise wrong
        cid, end = read_cid(rest, at + 1)
        if end != at + length:
            raise wrong
        roots.append(cid)
        at = end
    if at != len(rest):
        raise wrong
    return tuple(roots)


def _read_sized(content: bytes, at: int, *, kind: int) -> tuple[int, int]:
    head = content[at : at + 1]
    if not head or head[0] & 0xE0 != kind:
        raise ProofError("The CAR file's header cannot be read.")
    short = head[0] & 0x1F
    if short < 24:
        return short, at + 1
    width = {24: 1, 25: 2}.get(short, 0)
    digits = content[at + 1 : at + 1 + width]
    if not width or len(digits) < width:
        raise ProofError("The CAR file's header cannot be read.")
    return int.from_bytes(digits, "big"), at + 1 + width
