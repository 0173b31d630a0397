"""The slices a node holds: in memory, on disk, and which of them stay."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
import structlog

from souk.edge.disk import Damaged, DiskFull, SliceDisk, SliceKey
from souk.edge.eviction import Lru
from souk.edge.labels import Labels
from souk.edge.pins import Pinned

HOT_BYTES: Final = 128 * 1024
"""Slices up to this size are kept in memory too."""
MAKE_ROOM_BYTES: Final = 64 * 2**20
"""So much is dropped when the disk turns out to be full."""

log = structlog.get_logger("souk.edge")


class StoreFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a store says of itself."""

    used_bytes: int
    slices: int
    damaged: int
    """Slices that were found damaged, and dropped."""
    not_stored: int
    """Slices that found no room."""


class SliceStore:
    """Finds, keeps and drops slices; all calls from one event loop."""

    def __init__(
        self,
        disk: SliceDisk,
        labels: Labels,
        *,
        eviction: Pinned,
        memory_bytes: int,
    ) -> None:
        self._disk = disk
        self._labels = labels
        self._eviction = eviction
        self._present: dict[str, set[int]] = {}
        self._hot: dict[SliceKey, bytes] = {}
        self._hot_order: Lru[SliceKey] = Lru(memory_bytes)
        self._damaged = 0
        self._not_stored = 0
        self._others_bytes = 0
        self.generation = 0
        """Grows with every purge: what was on its way before one is not stored after it."""

    @property
    def labels(self) -> Labels:
        return self._labels

    async def load(self) -> None:
        """Takes up what the disk holds."""
        for key, size in await asyncio.to_thread(self._disk.scan):
            self._note(key)
            await self._drop(self._eviction.add(key, size))
        await asyncio.to_thread(self._labels.load, list(self._present))

    def hot(self, key: SliceKey) -> bytes | None:
        """The slice, when it is in memory."""
        content = self._hot.get(key)
        if content is not None:
            self._hot_order.touch(key)
            self._eviction.touch(key)
        return content

    def has(self, key: SliceKey) -> bool:
        """Whether it is here, as far as is known."""
        return key.number in self._present.get(key.sha256, ())

    def held(self, sha256: str) -> int:
        """How many slices of a file are here."""
        return len(self._present.get(sha256, ()))

    async def pin(self, files: Mapping[str, int]) -> None:
        """Keeps these files (sizes by sha256) and no others from having to go."""
        await self._drop(self._eviction.pin(files, self._present))

    def leave_room(self, size_bytes: int) -> None:
        """Something else on this disk takes so much: the slices make room as new ones come."""
        self._others_bytes = size_bytes

    async def get(self, key: SliceKey) -> bytes | None:
        """The slice, checked; None when it is not here, or was damaged and is dropped."""
        content = self.hot(key)
        if content is not None:
            return content
        if not self._eviction.touch(key):
            return None
        generation = self.generation
        try:
            content = await asyncio.to_thread(self._disk.read, key)
        except Damaged as error:
            log.warning("a stored slice is damaged and dropped", problem=str(error))
            self._damaged += 1
            content = None
        if content is None:
            self._eviction.remove(key)
            await self._drop([key])
        elif generation == self.generation:
            self._keep_hot(key, content)
        return content

    async def put(self, key: SliceKey, content: bytes, *, generation: int) -> bool:
        """Keeps a checked slice, unless there was a purge since; whether it is kept."""
        if generation != self.generation:
            return False
        gone = self._eviction.add(key, len(content))
        over = self._eviction.used_bytes + self._others_bytes - self._eviction.limit_bytes
        gone += self._eviction.shrink(over) if over > 0 else []
        self._note(key)
        await self._drop(gone)
        if key in gone:
            return False
        stored = await self._write(key, content)
        if not stored or generation != self.generation:
            self._eviction.remove(key)
            await self._drop([key])
            return False
        self._keep_hot(key, content)
        return True

    async def purge(self, files: Iterable[str]) -> int:
        """Drops every slice of these files; answers how many there were."""
        self.generation += 1
        keys = [
            SliceKey(sha256, index)
            for sha256 in files
            for index in tuple(self._present.get(sha256, ()))
        ]
        for key in keys:
            self._eviction.remove(key)
        await self._drop(keys)
        return len(keys)

    def files(self) -> list[str]:
        """The sha256 of every file of which there is anything."""
        return list(self._present)

    async def slice_list(self, sha256: str) -> bytes | None:
        """The stored list of a file's slice hashes, not checked."""
        return await asyncio.to_thread(self._disk.read_list, sha256)

    async def put_list(self, sha256: str, digests: bytes) -> None:
        """Stores a list; without room it is fetched again another time."""
        try:
            await asyncio.to_thread(self._disk.write_list, sha256, digests)
        except (DiskFull, OSError) as error:
            log.warning("a list of slices was not stored", problem=str(error))

    def facts(self) -> StoreFacts:
        """How full it is, and what went wrong so far."""
        return StoreFacts(
            used_bytes=self._eviction.used_bytes + self._others_bytes,
            slices=sum(map(len, self._present.values())),
            damaged=self._damaged,
            not_stored=self._not_stored,
        )

    async def _write(self, key: SliceKey, content: bytes) -> bool:
        for attempt in (1, 2):
            try:
                await asyncio.to_thread(self._disk.write, key, content)
            except DiskFull:
                if attempt == 1:
                    await self._drop(self._eviction.shrink(MAKE_ROOM_BYTES))
                    continue
                self._not_stored += 1
                log.warning("the disk is full: a slice is served without being kept")
                return False
            except OSError as error:
                self._not_stored += 1
                log.warning("a slice was not stored", problem=str(error))
                return False
            return True
        return False

    async def _drop(self, keys: Iterable[SliceKey]) -> None:
        gone = list(keys)
        lists = set()
        for key in gone:
            self._hot.pop(key, None)
            self._hot_order.remove(key)
            present = self._present.get(key.sha256)
            if present is not None:
                present.discard(key.number)
                if not present:
                    del self._present[key.sha256]
                    self._labels.forget(key.sha256)
                    lists.add(key.sha256)
        if gone:
            await asyncio.to_thread(self._remove, gone, lists)

    def _remove(self, keys: list[SliceKey], lists: set[str]) -> None:
        for key in keys:
            self._disk.drop(key)
        for sha256 in lists:
            self._disk.drop_list(sha256)

    def _note(self, key: SliceKey) -> None:
        self._present.setdefault(key.sha256, set()).add(key.number)

    def _keep_hot(self, key: SliceKey, content: bytes) -> None:
        if len(content) > HOT_BYTES:
            return
        self._hot[key] = content
        for gone in self._hot_order.add(key, len(content)):
            self._hot.pop(gone, None)
