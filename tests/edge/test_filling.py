"""Filling: one fetch for all who wait, no byte that home has not signed, no trust in the disk."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from souk.edge.disk import SliceDisk, SliceKey
from souk.edge.eviction import S3Fifo
from souk.edge.filling import RUN_SLICES, Filler
from souk.edge.labels import Labels
from souk.edge.pins import Pinned
from souk.edge.slices import SLICE_BYTES
from souk.edge.store import SliceStore
from souk.edge.upstream import Asked, Fetch, UpstreamFailed, Upstreams
from tests.edge.making import digests_of, signed, ticket_for

CONTENT = os.urandom(10 * SLICE_BYTES + 77)
TICKET = ticket_for(CONTENT)
ASKED = Asked(ticket=TICKET, text=signed(TICKET), hops=0)
SLICES = [CONTENT[at : at + SLICE_BYTES] for at in range(0, len(CONTENT), SLICE_BYTES)]


class Place:
    """Somewhere to fetch from; it may lie, break off, or refuse."""

    name = "place"

    def __init__(
        self, slices: list[bytes], *, breaks_after: int = 1000, status: int | None = None
    ) -> None:
        self.slices_there = slices
        self.breaks_after = breaks_after
        self.status = status
        self.asked: list[tuple[int, int]] = []
        self.lists = 0
        self.digests = digests_of(CONTENT)

    async def slices(self, asked: Asked, first: int, count: int) -> AsyncIterator[bytes]:
        self.asked.append((first, count))
        if self.status is not None:
            raise UpstreamFailed("refused", status=self.status)
        for number in range(first, first + count):
            await asyncio.sleep(0)
            if number - first >= self.breaks_after:
                raise UpstreamFailed("it broke off")
            yield self.slices_there[number]

    async def slice_list(self, asked: Asked) -> bytes:
        self.lists += 1
        return self.digests


class Around(Upstreams):
    """Places in a given order; the last is home."""

    def __init__(self, *places: Place) -> None:
        self.places = places
        self.home = places[-1]  # type: ignore[assignment]  # as much of it as filling uses

    def order(self, asked: Asked) -> list[Fetch]:
        return list(self.places)


async def store_in(folder: Path, *, limit: int = 64 * SLICE_BYTES, kept: int = 0) -> SliceStore:
    store = SliceStore(
        SliceDisk(folder / "slices", free_bytes_kept=kept),
        Labels(folder / "labels"),
        eviction=Pinned(S3Fifo[SliceKey](limit), limit_bytes=limit),
        memory_bytes=2**20,
    )
    await store.load()
    return store


async def whole(filler: Filler) -> tuple[bytes, int]:
    pieces = [await filler.slice(ASKED, number, until=len(SLICES)) for number in range(len(SLICES))]
    return b"".join(piece.content for piece in pieces), sum(piece.hit for piece in pieces)


async def test_a_file_is_fetched_once_in_runs_and_then_is_here(tmp_path: Path) -> None:
    home = Place(SLICES)
    filler = Filler(await store_in(tmp_path), Around(home))
    assert await whole(filler) == (CONTENT, 0)
    assert home.asked == [(0, RUN_SLICES), (RUN_SLICES, len(SLICES) - RUN_SLICES)]
    await filler.close(within_s=30)
    assert await whole(filler) == (CONTENT, len(SLICES))
    assert (home.lists, len(home.asked)) == (1, 2)
    again = Filler(await store_in(tmp_path), Around(home))  # as after a restart
    assert await whole(again) == (CONTENT, len(SLICES))


async def test_many_who_ask_at_once_cost_one_fetch(tmp_path: Path) -> None:
    home = Place(SLICES)
    filler = Filler(await store_in(tmp_path), Around(home))
    pieces = await asyncio.gather(*(filler.slice(ASKED, 2, until=3) for _ in range(50)))
    assert {piece.content for piece in pieces} == {SLICES[2]}
    assert home.asked == [(2, 1)]


async def test_wrong_bytes_are_refused_and_the_next_place_is_asked(tmp_path: Path) -> None:
    swapped = [SLICES[1], SLICES[0], *SLICES[2:]]
    cut = [SLICES[0][:-1], *SLICES[1:]]
    for liar in (Place(swapped), Place(cut), Place(SLICES, breaks_after=3), Place([], status=500)):
        home = Place(SLICES)
        filler = Filler(await store_in(tmp_path / str(id(liar))), Around(liar, home))
        assert (await whole(filler))[0] == CONTENT
        await filler.close(within_s=30)
    only_liar = Filler(await store_in(tmp_path / "alone"), Around(Place(swapped)))
    with pytest.raises(UpstreamFailed):
        await only_liar.slice(ASKED, 0, until=1)
    assert only_liar.refused_fills == 1


async def test_a_forged_list_of_slices_is_refused(tmp_path: Path) -> None:
    home = Place([b"?" * SLICE_BYTES] * len(SLICES))
    home.digests = digests_of(b"".join(home.slices_there))
    filler = Filler(await store_in(tmp_path), Around(home))
    with pytest.raises(UpstreamFailed):
        await filler.slice(ASKED, 0, until=1)
    assert filler.refused_fills == 1


async def test_a_damaged_slice_is_dropped_and_fetched_again(tmp_path: Path) -> None:
    home = Place(SLICES)
    store = await store_in(tmp_path)
    filler = Filler(store, Around(home))
    await whole(filler)
    await filler.close(within_s=30)
    (path,) = (tmp_path / "slices").glob(f"*/{TICKET.sha256}.{4:08d}")
    raw = bytearray(path.read_bytes())
    raw[1000] ^= 255
    path.write_bytes(raw)
    content, hits = await whole(filler)
    assert (content, hits, home.asked[-1]) == (CONTENT, len(SLICES) - 1, (4, 1))
    await filler.close(within_s=30)
    assert store.facts().damaged == 1
    assert await whole(filler) == (CONTENT, len(SLICES))


async def test_without_room_everything_is_served_and_nothing_kept(tmp_path: Path) -> None:
    home = Place(SLICES)
    store = await store_in(tmp_path, kept=2**62)
    filler = Filler(store, Around(home))
    assert await whole(filler) == (CONTENT, 0)
    await filler.close(within_s=30)
    facts = store.facts()
    assert (facts.used_bytes, facts.slices, facts.not_stored) == (0, 0, len(SLICES))


async def test_a_cache_smaller_than_the_file_keeps_its_limit(tmp_path: Path) -> None:
    store = await store_in(tmp_path, limit=3 * SLICE_BYTES)
    filler = Filler(store, Around(Place(SLICES)))
    for _ in range(2):
        assert (await whole(filler))[0] == CONTENT
    await filler.close(within_s=30)
    kept = [path for path in (tmp_path / "slices").glob("*/*") if path.suffix != ".list"]
    assert store.facts().used_bytes <= 3 * SLICE_BYTES
    assert sum(path.stat().st_size - 32 for path in kept) == store.facts().used_bytes


async def test_what_was_on_its_way_before_a_purge_is_not_kept_after_it(tmp_path: Path) -> None:
    store = await store_in(tmp_path)
    generation = store.generation
    await store.purge([TICKET.sha256])
    assert not await store.put(SliceKey(TICKET.sha256, 0), SLICES[0], generation=generation)
    assert store.facts().slices == 0
