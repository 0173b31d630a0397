"""The answers a node keeps: found by address and selecting fields, dropped by purges, for room."""

import asyncio
import os
from collections.abc import Callable, Iterable
from typing import Final

import structlog

from souk.edge.disk import Damaged, DiskFull
from souk.edge.eviction import Lru, S3Fifo
from souk.edge.http_cache.fields import Fields, parse_date, value
from souk.edge.http_cache.files import AnswerFiles
from souk.edge.http_cache.keys import selecting
from souk.edge.http_cache.stored import Cut, Stored
from souk.edge.protocol import Command

MAX_VARIANTS: Final = 64
"""Answers kept for one address; beyond these the oldest goes."""
MAX_INVALIDATED: Final = 10_000
"""Addresses whose invalidation is remembered one by one."""
HOT_BYTES: Final = 128 * 1024
"""Chunks up to this size are kept in memory too."""
MAKE_ROOM_BYTES: Final = 64 * 2**20
"""So much is dropped when the disk turns out to be full."""

Moment = tuple[int, int]

log = structlog.get_logger("souk.edge")


class AnswerStore:
    """Finds, keeps and drops answers; all calls from one event loop. `load` before use.

    Args:
        limit_bytes: of the disk.
        limit_answers: of heads, which are held in memory.
        memory_bytes: for small bodies that are asked for often.
        used: told how many bytes are used, whenever that has changed.
    """

    def __init__(
        self,
        files: AnswerFiles,
        *,
        limit_bytes: int,
        limit_answers: int,
        memory_bytes: int,
        used: Callable[[int], None] = lambda _bytes: None,
    ) -> None:
        self.files = files
        self._limit_answers = limit_answers
        self._eviction: S3Fifo[str] = S3Fifo(limit_bytes)
        self._by_id: dict[str, Stored] = {}
        self._by_key: dict[str, dict[str, Stored]] = {}
        self._hot: dict[tuple[str, int], bytes] = {}
        self._hot_order: Lru[tuple[str, int]] = Lru(memory_bytes)
        self._used = used
        self.limit_bytes = limit_bytes
        self._invalidated: dict[str, int] = {}
        self.generation = 0
        """Grows with every purge: what was on its way before one is not kept after it."""
        self.damaged = 0
        self.not_stored = 0

    async def load(self) -> None:
        """Takes up what the disk holds."""
        for stored in await asyncio.to_thread(self.files.scan):
            await self._drop(self._note(stored))

    def __len__(self) -> int:
        return len(self._by_id)

    @property
    def used_bytes(self) -> int:
        return self._eviction.used_bytes

    def find(self, key: str, request: Fields) -> Stored | None:
        """The newest answer for this address that the request selects."""
        fitting = [
            one
            for one in self._by_key.get(key, {}).values()
            if selecting(one.vary, request) == one.selected_by
        ]
        if not fitting:
            return None
        found = max(fitting, key=_moment)
        self._eviction.touch(found.id)
        return found

    def has(self, key: str) -> bool:
        """Whether there is any answer for this address."""
        return key in self._by_key

    def of(self, key: str) -> list[Stored]:
        """Every answer for this address."""
        return list(self._by_key.get(key, {}).values())

    def has_body(self, key: str, name: str) -> bool:
        """Whether an answer that is kept for this address has this body."""
        return any(one.file == name for known in self.of(key) for one in known.segments)

    def here(self, stored: Stored) -> bool:
        """Whether it is still kept, if with another head by now."""
        return stored.id in self._by_id

    async def read(self, stored: Stored, cut: Cut, *, file: int | None = None) -> bytes:
        """The bytes of a cut. Raises Damaged, and then the answer is gone.

        Args:
            file: the body's, when it is open.
        """
        name = (cut.segment.file, cut.chunk)
        content = self._hot.get(name)
        if content is None:
            try:
                content = await asyncio.to_thread(self.files.read, cut.segment, cut.chunk, file)
            except Damaged as error:
                if self.here(stored):
                    log.warning("a stored answer is damaged and dropped", problem=str(error))
                    self.damaged += 1
                    await self.drop([stored])
                raise
            if len(content) <= HOT_BYTES and self.here(stored):
                self._hot[name] = content
                for gone in self._hot_order.add(name, len(content)):
                    self._hot.pop(gone, None)
        else:
            self._hot_order.touch(name)
        return content if cut.end - cut.start == len(content) else content[cut.start : cut.end]

    async def put(self, stored: Stored, *, asked: Moment, replaces: Stored | None) -> bool:
        """Keeps an answer whose body is written; whether it is kept. Otherwise its body is removed.

        Args:
            asked: the moment when the origin was.
            replaces: what it is put in place of; bodies that both name stay.
        """
        if asked == self.moment(stored.key) and await self._write(stored):
            gone = [
                one
                for one in self.of(stored.key)
                if one.id != stored.id
                and (one is replaces or (one.vary, one.selected_by) == _selection(stored))
            ]
            gone += self._too_many(stored)
            held = {segment.file for segment in stored.segments}
            before = self._by_id.get(stored.id)
            gone += self._note(stored)
            if asked == self.moment(stored.key) and stored not in gone:
                await self._drop(gone, but=held)
                if before is not None:
                    lost = {one.file for one in before.segments} - held
                    await asyncio.to_thread(self.files.drop_bodies, lost)
                return True
            await self._drop([*gone, stored])
            return False
        kept = {one.file for known in self.of(stored.key) for one in known.segments}
        bodies = {one.file for one in stored.segments} - kept
        await asyncio.to_thread(self.files.drop_bodies, bodies)
        return False

    async def drop(self, answers: Iterable[Stored]) -> None:
        """Removes answers."""
        await self._drop(list(answers))

    async def invalidate(self, key: str) -> None:
        """Drops all of an address; what is on its way there now is not kept."""
        if len(self._invalidated) >= MAX_INVALIDATED:
            self._invalidated.clear()
            self.generation += 1
        self._invalidated[key] = self._invalidated.get(key, 0) + 1
        await self._drop(self.of(key))

    def moment(self, key: str) -> Moment:
        """What `put` is told of when an origin was asked."""
        return self.generation, self._invalidated.get(key, 0)

    async def forget(self, command: Command) -> None:
        """See `commands.Forgets.forget`."""
        if command.kind not in {"url", "tag", "prefix", "all"}:
            return
        self.generation += 1
        await self._drop(list(self._meant(command.kind, command.value)))

    def shrink(self, size_bytes: int) -> list[Stored]:
        """Takes so many bytes at least off the books; answers what has to be removed."""
        return [self._by_id[one] for one in self._eviction.shrink(size_bytes) if one in self._by_id]

    async def make_room(self) -> None:
        """Drops some of what is needed least: the disk is full."""
        await self._drop(self.shrink(MAKE_ROOM_BYTES))

    def _meant(self, kind: str, text: str) -> Iterable[Stored]:
        if kind == "url":
            return self.of(text)
        if kind == "tag":
            return [one for one in self._by_id.values() if text in one.tags]
        if kind == "prefix":
            return [one for one in self._by_id.values() if one.key.startswith(text)]
        return list(self._by_id.values())

    def _too_many(self, stored: Stored) -> list[Stored]:
        variants = self._by_key.get(stored.key, {})
        spare = len(variants) - MAX_VARIANTS + 1
        others = [one for one in variants.values() if one.id != stored.id]
        return sorted(others, key=lambda one: one.received_at)[: max(0, spare)]

    def _note(self, stored: Stored) -> list[Stored]:
        """Takes an answer in; answers what has to go for it, which may be the new one itself."""
        before = self._by_id.get(stored.id)
        self._by_id[stored.id] = stored
        self._by_key.setdefault(stored.key, {})[stored.id] = stored
        if before is not None and before.kept_bytes == stored.kept_bytes:
            return []  # another head alone: it keeps its place
        gone = self._eviction.add(stored.id, stored.kept_bytes)
        over = len(self._by_id) - self._limit_answers
        if over > 0:
            gone += self._eviction.shrink(max(1, self._eviction.used_bytes // 50))
        self._used(self._eviction.used_bytes)
        return [self._by_id[one] for one in dict.fromkeys(gone) if one in self._by_id]

    async def _drop(self, gone: list[Stored], *, but: Iterable[str] = ()) -> None:
        held = set(but)
        for stored in gone:
            if self._by_id.pop(stored.id, None) is None:
                continue
            self._eviction.remove(stored.id)
            variants = self._by_key.get(stored.key, {})
            variants.pop(stored.id, None)
            if not variants:
                self._by_key.pop(stored.key, None)
            for segment in stored.segments:
                for chunk in range(len(segment.digests) // 32):
                    self._hot.pop((segment.file, chunk), None)
                    self._hot_order.remove((segment.file, chunk))
        if gone:
            self._used(self._eviction.used_bytes)
            await asyncio.to_thread(self._remove, gone, held)

    def _remove(self, gone: list[Stored], held: set[str]) -> None:
        for stored in gone:
            shared = [one for one in stored.segments if one.file in held]
            self.files.drop_head(stored.id)
            self.files.drop_bodies(one.file for one in stored.segments if one not in shared)

    async def _write(self, stored: Stored) -> bool:
        for attempt in (1, 2):
            try:
                await asyncio.to_thread(self.files.write_head, stored)
            except DiskFull:
                if attempt == 1:
                    await self.make_room()
                    continue
                self.not_stored += 1
                return False
            except OSError as error:
                self.not_stored += 1
                log.warning("an answer was not stored", problem=str(error))
                return False
            return True
        return False


def new_name() -> str:
    """A name for an answer or a body."""
    return os.urandom(16).hex()


def _selection(stored: Stored) -> tuple[tuple[str, ...], tuple[str | None, ...]]:
    return stored.vary, stored.selected_by


def _moment(stored: Stored) -> tuple[float, float]:
    return parse_date(value(stored.fields, "date")) or stored.received_at, stored.received_at
