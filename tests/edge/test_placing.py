"""Fetching ahead: all of it, once; with pauses where it cannot be; and kept over a restart."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from souk.edge.disk import SliceDisk, SliceKey
from souk.edge.eviction import S3Fifo
from souk.edge.filling import Filler, Piece
from souk.edge.labels import Labels
from souk.edge.pins import Pinned
from souk.edge.placements import PLACED_TICKET, Placement, digest_of
from souk.edge.placing import Placing
from souk.edge.slices import SLICE_BYTES
from souk.edge.store import SliceStore
from souk.edge.upstream import Asked, UpstreamFailed

FILE = "ab" * 32
SIZE = 2 * SLICE_BYTES + 5


class Home(Filler):
    """Gives slices of zeros, or nothing; counts how often it is asked."""

    def __init__(self, store: SliceStore) -> None:
        self.store = store
        self.asked: list[int] = []
        self.away = False

    async def slice(self, asked: Asked, number: int, *, until: int) -> Piece:
        assert asked.text == PLACED_TICKET and number < until
        self.asked.append(number)
        if self.away:
            raise UpstreamFailed("away")
        content = bytes(min(SLICE_BYTES, SIZE - number * SLICE_BYTES))
        key = SliceKey(asked.ticket.sha256, number)
        await self.store.put(key, content, generation=self.store.generation)
        return Piece(content, False)


def placement(**fields: object) -> Placement:
    values: dict[str, object] = {
        "sha256": FILE,
        "size_bytes": SIZE,
        "root": "",
        "listing_id": "lst",
        "organisation_id": "org",
        "address": "a/b",
        "filename": "f",
        "pinned": True,
        "number": 1,
        **fields,
    }
    return Placement(**values)  # type: ignore[arg-type]  # as above


class Setup:
    def __init__(self, folder: Path, *, limit: int = 8 * SLICE_BYTES) -> None:
        self.store = SliceStore(
            SliceDisk(folder / "slices", free_bytes_kept=0),
            Labels(folder / "labels"),
            eviction=Pinned(S3Fifo[SliceKey](limit), limit_bytes=limit),
            memory_bytes=0,
        )
        self.home = Home(self.store)
        self.placing = Placing(self.store, self.home, file=folder / "placements.json")


@pytest.fixture
def setup(tmp_path: Path) -> Iterator[Setup]:
    yield Setup(tmp_path)


async def test_what_is_placed_is_fetched_once_and_reported(setup: Setup) -> None:
    await setup.store.load()
    assert setup.placing.digest == ""
    await setup.placing.take([placement()])
    assert setup.placing.digest == digest_of([(FILE, 1)])
    (news,) = setup.placing.report()
    assert (news.bytes_held, news.number) == (0, 1)
    await setup.placing.look()
    await setup.placing.look()
    assert setup.home.asked == [0, 1, 2]
    news = setup.placing.report()
    assert news[0].bytes_held == SIZE
    setup.placing.told(news)
    assert setup.placing.report() == ()
    await setup.store.purge([FILE])
    assert setup.placing.report()[0].bytes_held == 0
    await setup.placing.look()
    assert setup.home.asked == [0, 1, 2] * 2, "what is pinned is fetched again after a purge"


async def test_what_is_not_pinned_is_not_fetched_again(setup: Setup) -> None:
    await setup.store.load()
    await setup.placing.take([placement(pinned=False)])
    await setup.placing.look()
    setup.placing.told(setup.placing.report())
    await setup.store.purge([FILE])
    await setup.placing.look()
    assert setup.home.asked == [0, 1, 2] and setup.placing.report() == ()
    await setup.placing.take([placement(pinned=False, number=2)])
    await setup.placing.look()
    assert setup.home.asked == [0, 1, 2] * 2, "home has decided anew"


async def test_what_cannot_be_had_is_not_asked_for_without_a_pause(setup: Setup) -> None:
    await setup.store.load()
    setup.home.away = True
    await setup.placing.take([placement()])
    for _ in range(3):
        await setup.placing.look()
    assert setup.home.asked == [0]


async def test_pins_outlive_a_restart_without_home(tmp_path: Path) -> None:
    first = Setup(tmp_path)
    await first.store.load()
    await first.placing.take([placement()])
    await first.placing.look()
    again = Setup(tmp_path)
    await again.store.load()
    await again.placing.load()
    assert again.placing.digest == first.placing.digest
    for number in range(20):
        key = SliceKey("cd" * 32, number)
        await again.store.put(key, bytes(SLICE_BYTES), generation=again.store.generation)
    assert again.store.held(FILE) == 3
    await again.placing.take([])
    for number in range(20, 60):
        key = SliceKey("cd" * 32, number)
        await again.store.put(key, bytes(SLICE_BYTES), generation=again.store.generation)
    assert again.store.held(FILE) == 0
