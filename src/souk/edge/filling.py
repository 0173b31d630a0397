"""Slices from the cache, or fetched once for everybody who waits for them."""

import asyncio
from contextlib import suppress
from typing import Final

import msgspec
import structlog

from souk.edge.disk import SliceKey
from souk.edge.eviction import Lru
from souk.edge.protocol import MAX_HOPS
from souk.edge.slices import SliceList, SliceMismatch, Source, checked_list, single
from souk.edge.store import SliceStore
from souk.edge.upstream import Asked, UpstreamFailed, Upstreams, source_of
from souk.infra.waiting import end_tasks

RUN_SLICES: Final = 8
"""So many slices are fetched with one request at most."""
LISTS_BYTES: Final = 16 * 2**20

log = structlog.get_logger("souk.edge")


class Piece(msgspec.Struct, frozen=True):
    """A checked slice."""

    content: bytes
    hit: bool
    """Whether it was here."""


class Filler:
    """Gives checked slices; what is not here is fetched, however many ask, once."""

    def __init__(self, store: SliceStore, upstreams: Upstreams, *, runs: int = 16) -> None:
        self._store = store
        self._upstreams = upstreams
        self._coming: dict[SliceKey, asyncio.Future[bytes]] = {}
        self._lists: dict[str, SliceList] = {}
        self._lists_to_store: dict[str, bytes] = {}
        self._lists_order: Lru[str] = Lru(LISTS_BYTES)
        self._running: set[asyncio.Task[None]] = set()
        # Of its own for each step from the client, so that nodes that ask each other never wait
        # in a circle.
        self._rooms = [asyncio.Semaphore(runs) for _ in range(MAX_HOPS + 1)]
        self.refused_fills = 0
        """Slices that came from elsewhere and were not what home has signed."""

    async def slice(self, asked: Asked, number: int, *, until: int) -> Piece:
        """One slice.

        Args:
            until: the download wants the slices up to, not including, this one: a fetch may take
                several of them at once.

        Raises:
            UpstreamFailed: it is not here, and nobody gives it.
        """
        key = SliceKey(asked.ticket.sha256, number)
        coming = self._coming.get(key)
        if coming is None:
            content = await self._store.get(key)
            if content is not None:
                return Piece(content, True)
            coming = self._coming.get(key)
        if coming is None:
            coming = self._start(asked, number, until)
        return Piece(await asyncio.shield(coming), False)

    async def close(self, *, within_s: float = 1.0) -> None:
        """Lets what is under way end for so long, then ends it."""
        if self._running:
            await asyncio.wait(tuple(self._running), timeout=within_s)
        await end_tasks(tuple(self._running))

    def _start(self, asked: Asked, first: int, until: int) -> asyncio.Future[bytes]:
        sha256 = asked.ticket.sha256
        loop = asyncio.get_running_loop()
        keys: list[SliceKey] = []
        for number in range(first, min(until, first + RUN_SLICES)):
            key = SliceKey(sha256, number)
            if key in self._coming or (keys and self._store.has(key)):
                break
            keys.append(key)
            future: asyncio.Future[bytes] = loop.create_future()
            future.add_done_callback(_retrieved)  # nobody may be waiting any more
            self._coming[key] = future
        first_coming = self._coming[keys[0]]
        task = asyncio.create_task(self._run(asked, keys))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return first_coming

    async def _run(self, asked: Asked, keys: list[SliceKey]) -> None:
        problem: Exception = UpstreamFailed("the node is ending")
        try:
            async with self._rooms[min(asked.hops, MAX_HOPS)]:
                await self._fetch(asked, keys)
        except (UpstreamFailed, SliceMismatch, OSError) as error:
            problem = error if isinstance(error, UpstreamFailed) else UpstreamFailed(str(error))
        except Exception as error:
            log.exception("a fill failed")
            problem = UpstreamFailed(repr(error))
        finally:
            for key in keys:
                future = self._coming.pop(key, None)
                if future is not None and not future.done():
                    future.set_exception(problem)

    async def _fetch(self, asked: Asked, keys: list[SliceKey]) -> None:
        """From the first place that gives what is still missing; each slice is checked alone."""
        generation = self._store.generation
        hashes = await self._known_list(asked)
        offered: list[bytes] = []
        if hashes is None:
            asked = msgspec.structs.replace(asked, learn=offered.append)
        self._store.labels.add(asked.ticket)
        done = 0
        failed: UpstreamFailed | None = None
        for place in self._upstreams.order(asked):
            try:
                async for content in place.slices(asked, keys[done].number, len(keys) - done):
                    if hashes is None:
                        hashes = await self._new_list(asked, offered)
                    hashes.check(keys[done].number, content)
                    await self._arrived(keys[done], content, generation)
                    done += 1
            except SliceMismatch as error:
                self.refused_fills += 1
                log.warning("wrong bytes were offered", place=place.name, problem=str(error))
                failed = UpstreamFailed(f"{place.name}: {error}")
            except UpstreamFailed as error:
                failed = error
            if done == len(keys):
                return
        raise failed or UpstreamFailed("nobody has it")

    async def _arrived(self, key: SliceKey, content: bytes, generation: int) -> None:
        """Those who wait get it at once; it is theirs also when it cannot be kept."""
        future = self._coming.get(key)
        if future is not None and not future.done():
            future.set_result(content)
        digests = self._lists_to_store.pop(key.sha256, None)
        if digests is not None:
            await self._store.put_list(key.sha256, digests)
        await self._store.put(key, content, generation=generation)
        self._coming.pop(key, None)

    async def _known_list(self, asked: Asked) -> SliceList | None:
        source = source_of(asked.ticket)
        known = single(source) or self._lists.get(source.root)
        if known is not None:
            return known
        stored = await self._store.slice_list(source.sha256)
        if stored is not None:
            with suppress(SliceMismatch):
                return self._learn(source, stored)
        return None

    async def _new_list(self, asked: Asked, offered: list[bytes]) -> SliceList:
        """The list that home has sent along with the bytes, or sends now."""
        source = source_of(asked.ticket)
        digests = offered[-1] if offered else await self._upstreams.home.slice_list(asked)
        found = self._learn(source, digests)
        self._lists_to_store[source.sha256] = digests
        return found

    def _learn(self, source: Source, digests: bytes) -> SliceList:
        found = checked_list(source, digests)
        self._lists[source.root] = found
        for gone in self._lists_order.add(source.root, len(digests)):
            self._lists.pop(gone, None)
        return found


def _retrieved(future: "asyncio.Future[bytes]") -> None:
    if not future.cancelled():
        future.exception()
