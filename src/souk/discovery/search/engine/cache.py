"""Keeps answers for as long as the index stays as it is."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SnapshotCache(Generic[K, V]):
    """The latest answers from one snapshot; another snapshot drops them all. Thread-safe.

    Holds at most `size` answers; the one not asked for the longest goes first.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._version = -1
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._lock = Lock()

    def get(self, version: int, key: K) -> V | None:
        """The answer to this question from this version of the index, if it is kept."""
        with self._lock:
            if version != self._version:
                return None
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, version: int, key: K, value: V) -> None:
        """Keeps an answer, unless a later version has been asked already."""
        with self._lock:
            if version > self._version:
                self._kept.clear()
                self._version = version
            if version == self._version and self._size:
                self._kept[key] = value
                self._kept.move_to_end(key)
                while len(self._kept) > self._size:
                    self._kept.popitem(last=False)

    def __len__(self) -> int:
        return len(self._kept)
