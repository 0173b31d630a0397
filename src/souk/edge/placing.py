"""Fetches ahead what home has placed on this node, and says how far it has come."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
import structlog

from souk.edge.disk import SliceKey
from souk.edge.filling import RUN_SLICES, Filler
from souk.edge.placements import MAX_REPORTED, PLACED_TICKET, Held, Placement, digest_of, ticket_of
from souk.edge.protocol import MAX_HOPS
from souk.edge.slices import SLICE_BYTES, Source
from souk.edge.store import SliceStore
from souk.edge.upstream import Asked, UpstreamFailed
from souk.infra.waiting import waited

RETRY_S: Final = 5.0
LONGEST_PAUSE_S: Final = 300.0
"""Between attempts at a file that cannot be fetched, or finds no room: each is twice the last."""

log = structlog.get_logger("souk.edge")


class Placing:
    """Holds what home wants held. `load` before use."""

    def __init__(self, store: SliceStore, filler: Filler, *, file: Path) -> None:
        self._store = store
        self._filler = filler
        self._file = file
        self._placements: dict[str, Placement] = {}
        self._told: dict[str, Held] = {}
        self._done: dict[str, int] = {}
        self._pauses: dict[str, tuple[float, float]] = {}
        """By sha256: not before when, by the loop's clock, and how long it waits after that."""
        self._changed = asyncio.Event()

    @property
    def digest(self) -> str:
        """What names all of it: home tells it anew when this is not what it has decided."""
        return digest_of((one.sha256, one.number) for one in self._placements.values())

    async def load(self) -> None:
        """Takes up what was placed before this start, so that it stays also while home is away."""
        with suppress(OSError, msgspec.MsgspecError):
            content = await asyncio.to_thread(self._file.read_bytes)
            await self._set(msgspec.json.decode(content, type=list[Placement]))

    async def take(self, placements: Sequence[Placement]) -> None:
        """What home has decided now; all of it, nothing else is placed."""
        await self._set(placements)
        try:
            await asyncio.to_thread(self._keep)
        except OSError as error:  # home says it again after the next start
            log.warning("placements were not kept", problem=str(error))

    def report(self) -> tuple[Held, ...]:
        """What home has not heard yet of files that are on their way or here."""
        news = []
        for placement in self._placements.values():
            told = self._told.get(placement.sha256)
            if (
                told is not None
                and self._is_over(placement)
                and told.bytes_held == placement.size_bytes
            ):
                continue
            held = Held(
                sha256=placement.sha256,
                number=placement.number,
                bytes_held=min(
                    placement.size_bytes, self._store.held(placement.sha256) * SLICE_BYTES
                ),
            )
            if told != held:
                news.append(held)
                if len(news) == MAX_REPORTED:
                    break
        return tuple(news)

    def told(self, report: Sequence[Held]) -> None:
        """Home has heard this."""
        self._told |= {held.sha256: held for held in report if held.sha256 in self._placements}

    async def run(self) -> None:
        """Fetches what is missing, one file after the other, until cancelled."""
        while True:
            self._changed.clear()
            await self.look()
            await waited(self._changed, RETRY_S)

    async def look(self) -> None:
        """Fetches what is missing now, one file after the other."""
        for placement in tuple(self._placements.values()):
            if placement.sha256 in self._placements:
                await self._fetch(placement)

    async def _set(self, placements: Sequence[Placement]) -> None:
        self._placements = {one.sha256: one for one in placements}
        self._told = {
            sha256: held for sha256, held in self._told.items() if sha256 in self._placements
        }
        await self._store.pin({one.sha256: one.size_bytes for one in placements if one.pinned})
        self._done = {
            one.sha256: one.number for one in placements if self._done.get(one.sha256) == one.number
        }
        self._pauses = {
            sha256: pause for sha256, pause in self._pauses.items() if sha256 in self._placements
        }
        self._changed.set()

    def _is_over(self, placement: Placement) -> bool:
        """Whether it was fetched and may go: what the cache drops is not fetched for ever."""
        return not placement.pinned and self._done.get(placement.sha256) == placement.number

    async def _fetch(self, placement: Placement) -> None:
        now_s = asyncio.get_running_loop().time()
        not_before, pause_s = self._pauses.get(placement.sha256, (0.0, RETRY_S))
        if self._is_over(placement) or now_s < not_before:
            return
        source = Source(placement.sha256, placement.size_bytes, placement.root)
        asked = Asked(ticket=ticket_of(placement), text=PLACED_TICKET, hops=MAX_HOPS)
        number = 0
        try:
            while number < source.slice_count:
                if self._store.has(SliceKey(placement.sha256, number)):
                    number += 1
                    continue
                if self._placements.get(placement.sha256) != placement:
                    return
                until = min(source.slice_count, number + RUN_SLICES)
                await self._filler.slice(asked, number, until=until)
                number += 1
        except UpstreamFailed as error:
            log.info("a placed file is not here yet", sha256=placement.sha256, problem=str(error))
        if self._store.held(placement.sha256) >= source.slice_count:
            self._done[placement.sha256] = placement.number
            self._pauses.pop(placement.sha256, None)
        else:
            self._pauses[placement.sha256] = (
                now_s + pause_s,
                min(2 * pause_s, LONGEST_PAUSE_S),
            )

    def _keep(self) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(list(self._placements.values())))
        fresh.replace(self._file)
