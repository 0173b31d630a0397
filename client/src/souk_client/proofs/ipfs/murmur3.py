"""MurmurHash3 x64, the first 64 of its 128 bits, as UnixFS places names. Author: Austin Appleby."""

from typing import Final

_MASK: Final = 2**64 - 1
_C1: Final = 0x87C37B91114253D5
_C2: Final = 0x4CF5AD432745937F


def murmur3_x64_64(content: bytes) -> int:
    """The hash of these bytes with seed 0."""
    first = second = 0
    whole = len(content) & ~15
    for at in range(0, whole, 16):
        first ^= _mixed(int.from_bytes(content[at : at + 8], "little"), _C1, _C2, 31)
        first = ((_rotated(first, 27) + second) * 5 + 0x52DCE729) & _MASK
        second ^= _mixed(int.from_bytes(content[at + 8 : at + 16], "little"), _C2, _C1, 33)
        second = ((_rotated(second, 31) + first) * 5 + 0x38495AB5) & _MASK
    rest = content[whole:]
    second ^= _mixed(int.from_bytes(rest[8:], "little"), _C2, _C1, 33)
    first ^= _mixed(int.from_bytes(rest[:8], "little"), _C1, _C2, 31)
    first ^= len(content)
    second ^= len(content)
    first = (first + second) & _MASK
    second = (second + first) & _MASK
    return (_finished(first) + _finished(second)) & _MASK


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> (64 - bits)) & _MASK


def _mixed(value: int, before: int, after: int, bits: int) -> int:
    return _rotated(value * before & _MASK, bits) * after & _MASK


def _finished(value: int) -> int:
    value ^= value >> 33
    value = value * 0xFF51AFD7ED558CCD & _MASK
    value ^= value >> 33
    value = value * 0xC4CEB9FE1A85EC53 & _MASK
    return value ^ value >> 33
