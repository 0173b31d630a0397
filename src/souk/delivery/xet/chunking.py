"""Where a file is cut into chunks: after its content, so that a change moves only what is near it.

Source: the Xet protocol specification, "Chunking". The rolling hash takes in one byte at a time,
`h = (h << 1) + table[byte]` in 64 bits; a chunk ends where its top 16 bits are zero. A byte is
shifted out after 64 steps, so a hash depends on the last 64 bytes alone, and the hashes of all
positions of a block come out of six doublings: the hash over 2n bytes is the one over the last n
plus the one over the n before them, shifted by n. NumPy does each doubling at once.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from souk.delivery.xet.gear_table import GEAR_TABLE

CHUNK_MIN_BYTES: Final = 8 * 1024
CHUNK_MAX_BYTES: Final = 128 * 1024

_WINDOW: Final = 64
_BLOCK: Final = 16 * 1024
"""Positions that are hashed at once: the arrays stay in the processor's cache."""
_TOP_BITS: Final = np.uint64(48)


class Boundaries:
    """Finds the ends of chunks in bytes that are in memory. Keeps scratch space: one a thread."""

    def __init__(self) -> None:
        self._table = np.array(GEAR_TABLE, dtype=np.uint64)
        self._sums = np.empty(_BLOCK + _WINDOW, dtype=np.uint64)
        self._shifted = np.empty(_BLOCK + _WINDOW, dtype=np.uint64)

    def next(self, content: NDArray[np.uint8], start: int) -> int | None:
        """Where the chunk that begins at `start` ends; None when the content goes on undecided."""
        limit = start + CHUNK_MAX_BYTES
        until = min(limit, len(content))
        at = start + CHUNK_MIN_BYTES - 1
        while at < until:
            block_end = min(at + _BLOCK, until)
            found = self._first_zero(content, at, block_end)
            if found is not None:
                return found + 1
            at = block_end
        return limit if until == limit else None

    def _first_zero(self, content: NDArray[np.uint8], at: int, end: int) -> int | None:
        """The first position from `at` up to `end` whose hash has zeros on top."""
        before = _WINDOW - 1
        length = end - at + before
        sums, shifted = self._sums[:length], self._shifted[:length]
        np.take(self._table, content[at - before : end], out=sums, mode="clip")
        step = 1
        while step < _WINDOW:
            older = np.left_shift(sums[:-step], np.uint64(step), out=shifted[: length - step])
            np.add(sums[step:], older, out=sums[step:])
            step *= 2
        top = np.right_shift(sums[before:], _TOP_BITS, out=shifted[before:])
        first = int(np.argmin(top))
        return at + first if top[first] == 0 else None


def cut(content: bytes | memoryview) -> Iterator[int]:
    """The end of each chunk of a whole file that is in memory."""
    boundaries = Boundaries()
    array = np.frombuffer(content, dtype=np.uint8)
    start = 0
    while start < len(array):
        start = boundaries.next(array, start) or len(array)
        yield start
