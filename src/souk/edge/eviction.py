"""What to keep when there is no room for everything: S3-FIFO, and LRU as the known measure.

S3-FIFO: Yang, Zhang, Qiu, Yue, Rashmi, "FIFO queues are all you need for cache eviction", SOSP
2023. New entries pass through a small queue first, so that a scan, which asks for everything once,
leaves the main queue alone; what the small queue has let go is remembered for a while by its name
only, and goes straight to the main queue when it is asked for again.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, Generic, Protocol, TypeVar

K = TypeVar("K", bound=Hashable)

SMALL_SHARE: Final = 0.1
MAX_COUNT: Final = 3
_GHOSTS_AT_LEAST: Final = 1024


class Eviction(Protocol[K]):
    """Keeps account of what is in a cache of so many bytes; holds no content itself."""

    used_bytes: int

    def touch(self, key: K) -> bool:
        """Notes that this was asked for; whether it is in the cache."""
        ...

    def add(self, key: K, size_bytes: int) -> list[K]:
        """Puts it in; answers what has to go for it, which may be the new one itself."""
        ...

    def remove(self, key: K) -> None:
        """Takes it out; harmless when it is not in."""
        ...

    def shrink(self, size_bytes: int) -> list[K]:
        """Makes so many bytes free at least; answers what has to go."""
        ...


class Lru(Generic[K]):
    """What was asked for longest ago goes first."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._sizes: OrderedDict[K, int] = OrderedDict()
        self.used_bytes = 0

    def touch(self, key: K) -> bool:
        if key not in self._sizes:
            return False
        self._sizes.move_to_end(key)
        return True

    def add(self, key: K, size_bytes: int) -> list[K]:
        self.remove(key)
        if size_bytes > self._limit_bytes:
            return [key]
        self._sizes[key] = size_bytes
        self.used_bytes += size_bytes
        return self._down_to(self._limit_bytes)

    def remove(self, key: K) -> None:
        self.used_bytes -= self._sizes.pop(key, 0)

    def shrink(self, size_bytes: int) -> list[K]:
        return self._down_to(self.used_bytes - size_bytes)

    def _down_to(self, size_bytes: int) -> list[K]:
        gone = []
        while self._sizes and self.used_bytes > max(0, size_bytes):
            key, size = self._sizes.popitem(last=False)
            self.used_bytes -= size
            gone.append(key)
        return gone


class S3Fifo(Generic[K]):
    """A small queue, a main queue, and the names of what the small one let go."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._small_limit = int(limit_bytes * SMALL_SHARE)
        self._small: OrderedDict[K, int] = OrderedDict()
        self._main: OrderedDict[K, int] = OrderedDict()
        self._ghosts: OrderedDict[K, None] = OrderedDict()
        self._counts: dict[K, int] = {}
        self._small_bytes = 0
        self.used_bytes = 0

    def touch(self, key: K) -> bool:
        count = self._counts.get(key)
        if count is None:
            return False
        if count < MAX_COUNT:
            self._counts[key] = count + 1
        return True

    def add(self, key: K, size_bytes: int) -> list[K]:
        self.remove(key)
        if size_bytes > self._limit_bytes:
            return [key]
        gone = self._down_to(self._limit_bytes - size_bytes)
        if key in self._ghosts:
            del self._ghosts[key]
            self._main[key] = size_bytes
        else:
            self._small[key] = size_bytes
            self._small_bytes += size_bytes
        self._counts[key] = 0
        self.used_bytes += size_bytes
        return gone

    def remove(self, key: K) -> None:
        if key in self._small:
            size = self._small.pop(key)
            self._small_bytes -= size
        elif key in self._main:
            size = self._main.pop(key)
        else:
            return
        self.used_bytes -= size
        del self._counts[key]

    def shrink(self, size_bytes: int) -> list[K]:
        return self._down_to(self.used_bytes - size_bytes)

    def _down_to(self, size_bytes: int) -> list[K]:
        gone: list[K] = []
        while self._counts and self.used_bytes > max(0, size_bytes):
            from_small = self._small and (self._small_bytes > self._small_limit or not self._main)
            key = self._take_small() if from_small else self._take_main()
            if key is not None:
                gone.append(key)
        return gone

    def _take_small(self) -> K | None:
        """The oldest of the small queue: out, or on to the main one when it was asked for again."""
        key, size = self._small.popitem(last=False)
        self._small_bytes -= size
        if self._counts[key] > 0:
            self._counts[key] = 0
            self._main[key] = size
            return None
        self._forget(key, size)
        self._ghosts[key] = None
        while len(self._ghosts) > max(len(self._main), _GHOSTS_AT_LEAST):
            self._ghosts.popitem(last=False)
        return key

    def _take_main(self) -> K | None:
        """The oldest of the main queue: out, or behind the others while it still has credit."""
        if not self._main:
            return self._take_small()
        key, size = self._main.popitem(last=False)
        if self._counts[key] > 0:
            self._counts[key] -= 1
            self._main[key] = size
            return None
        self._forget(key, size)
        return key

    def _forget(self, key: K, size_bytes: int) -> None:
        self.used_bytes -= size_bytes
        del self._counts[key]
