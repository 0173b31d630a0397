"""Slices that stay while they are pinned, beside an eviction that decides about all others."""

from collections.abc import Mapping
from typing import Final

from souk.edge.disk import SliceKey
from souk.edge.eviction import Eviction
from souk.edge.slices import SLICE_BYTES

PINNED_SHARE: Final = 0.9
"""What is pinned takes at most so much of the cache: downloads of everything else go on."""


class Pinned:
    """An `Eviction` in which the slices of some files never have to go.

    Args:
        rest: decides about everything that is not pinned.
        limit_bytes: for all of it together.
    """

    def __init__(self, rest: Eviction[SliceKey], *, limit_bytes: int) -> None:
        self._rest = rest
        self._limit_bytes = limit_bytes
        self._sizes: Mapping[str, int] = {}
        self._held: dict[str, dict[int, int]] = {}
        self.pinned_bytes = 0

    @property
    def limit_bytes(self) -> int:
        return self._limit_bytes

    @property
    def used_bytes(self) -> int:
        return self._rest.used_bytes + self.pinned_bytes

    def pin(self, files: Mapping[str, int], present: Mapping[str, set[int]]) -> list[SliceKey]:
        """From now on these files are pinned, and no others; answers what has to go.

        Args:
            files: their sizes in bytes, by sha256.
            present: the numbers of the slices that are here, by sha256.
        """
        gone: list[SliceKey] = []
        self._sizes = dict(files)
        for sha256 in [known for known in self._held if known not in files]:
            freed = self._held.pop(sha256)
            self.pinned_bytes -= sum(freed.values())
            for number, size in freed.items():
                gone += self._rest.add(SliceKey(sha256, number), size)
        for sha256, size_bytes in files.items():
            for number in present.get(sha256, ()):
                if number not in self._held.get(sha256, {}):
                    length = min(SLICE_BYTES, size_bytes - number * SLICE_BYTES)
                    gone += self.add(SliceKey(sha256, number), length)
        return gone + self._down()

    def touch(self, key: SliceKey) -> bool:
        return key.number in self._held.get(key.sha256, ()) or self._rest.touch(key)

    def add(self, key: SliceKey, size_bytes: int) -> list[SliceKey]:
        self.remove(key)
        room = self._limit_bytes * PINNED_SHARE - self.pinned_bytes
        if key.sha256 in self._sizes and size_bytes <= room:
            self._held.setdefault(key.sha256, {})[key.number] = size_bytes
            self.pinned_bytes += size_bytes
            return self._down()
        if size_bytes > self._limit_bytes - self.pinned_bytes:
            return [key]
        gone = self._rest.add(key, size_bytes)
        return gone + [one for one in self._down() if one not in gone]

    def remove(self, key: SliceKey) -> None:
        held = self._held.get(key.sha256)
        if held is not None and key.number in held:
            self.pinned_bytes -= held.pop(key.number)
            if not held:
                del self._held[key.sha256]
        self._rest.remove(key)

    def shrink(self, size_bytes: int) -> list[SliceKey]:
        return self._rest.shrink(size_bytes)

    def _down(self) -> list[SliceKey]:
        over = self.used_bytes - self._limit_bytes
        return self._rest.shrink(over) if over > 0 else []
