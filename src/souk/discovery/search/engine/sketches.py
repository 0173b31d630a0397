"""One bit for each dimension of a vector: which rows may be near, far faster than by cosines.

A row's bit says whether it lies above the mean of the first rows there; the fewer bits differ, the
nearer two vectors are likely to be (sign random projections, Charikar 2002). What comes out is then
compared by its cosines: of the hundred nearest of 100,000 mixed MiniLM vectors under filters, the
2,048 with the best sketches hold 97 in a hundred.
"""

import threading
from typing import Final

import numpy as np
import numpy.typing as npt

from souk.discovery.search.engine.layout import DIMENSIONS

Distances = npt.NDArray[np.uint16]
"""How many bits differ, for each row."""
HalfVectors = npt.NDArray[np.float16]

_WORDS: Final = DIMENSIONS // 64
_MEAN_OF: Final = 4_096
_AT_ONCE: Final = 16_384
_SPARE: Final = 1.25
_LEAST_ROOM: Final = 4_096


class Sketches:
    """Sketches of a file of rows that only grows, made when first asked for. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._mean = np.empty(0, np.float16)
        self._words = np.empty((_WORDS, 0), np.uint64)

    def distances(self, rows: HalfVectors, vector: npt.NDArray[np.float32]) -> Distances:
        """From a vector to each row.

        Args:
            rows: the file as far as it is looked at, [n, 384].
            vector: what is looked for, [384].
        """
        words, mean = self.cover(rows)
        distances = np.zeros(len(rows), np.uint16)
        for column, word in zip(words, _sketch(vector.astype(np.float16), mean), strict=True):
            distances += np.bitwise_count(column ^ word)
        return distances

    def cover(self, rows: HalfVectors) -> tuple[npt.NDArray[np.uint64], HalfVectors]:
        """The sketches of these rows, and the mean they were made with.

        Two milliseconds for each thousand rows that are new.
        """
        count = len(rows)
        with self._lock:
            if self._count == 0:
                self._mean = rows[:_MEAN_OF].mean(axis=0, dtype=np.float32).astype(np.float16)
            if self._words.shape[1] < count:
                wider = np.empty((_WORDS, int(count * _SPARE) + _LEAST_ROOM), np.uint64)
                wider[:, : self._count] = self._words[:, : self._count]
                self._words = wider
            for start in range(self._count, count, _AT_ONCE):
                end = min(start + _AT_ONCE, count)
                self._words[:, start:end] = _sketch(rows[start:end], self._mean).T
            self._count = max(self._count, count)
            return self._words[:, :count], self._mean


def best_of(distances: Distances, among: npt.NDArray[np.intp], most: int) -> npt.NDArray[np.intp]:
    """Those of some rows with the least distances: at least `most`, and all that equal the last."""
    if len(among) <= most:
        return among
    found = distances[among]
    within = np.cumsum(np.bincount(found))
    return among[found <= np.searchsorted(within, most)]


def _sketch(vectors: HalfVectors, mean: HalfVectors) -> npt.NDArray[np.uint64]:
    return np.packbits(vectors > mean, axis=-1).view(np.uint64)
