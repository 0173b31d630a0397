"""Unsigned varints of protobuf, multiformats and CAR: seven bits a byte, the low ones first."""

from typing import Final

from souk_client.proofs.errors import ProofError

MAX_BYTES: Final = 10
"""Of a 64-bit number."""


def encode_varint(value: int) -> bytes:
    """A number from 0 on as a varint."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_varint(content: bytes | memoryview, at: int, *, what: str) -> tuple[int, int]:
    """The number at `at`, and where it ends.

    Raises:
        ProofError: it breaks off, is longer than 64 bits, or not in its shortest form.
    """
    value = shift = 0
    for place in range(at, min(at + MAX_BYTES, len(content))):
        byte = content[place]
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            if (byte == 0 and place > at) or value >= 2**64:
                break
            return value, place + 1
    raise ProofError(f"The {what} holds a number that cannot be read at byte {at}.")
