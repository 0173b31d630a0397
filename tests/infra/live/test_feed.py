"""One reader: slow, away, back again, refused; it never misses or hears anything twice."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import psycopg
import pytest

from souk.infra.live import store
from souk.infra.live.connections import Connections
from souk.infra.live.feed import Beat, Ended, Feed, Item, Reset, Said
from souk.infra.live.hub import LiveHub
from souk.infra.live.publisher import LivePublisher
from souk.infra.live.settings import LiveSettings
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import PUBLIC, SYSTEM
from souk.kernel.errors import TooMany, Unavailable

CHANNEL = "listing:lst_one"


@pytest.fixture(autouse=True)
def _empty(owner_dsn: str) -> None:
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        connection.execute("TRUNCATE infra.live_waiting, infra.live_messages")
        connection.execute("UPDATE infra.live_log SET newest = 0, forgotten = 0")


async def yes() -> bool:
    return True


async def say(database: Database, *numbers: int, channel: str = CHANNEL) -> None:
    live = LivePublisher(database)
    async with database.transaction(PUBLIC) as uow:
        for number in numbers:
            await live.publish(uow, channel, "tick", {"n": number})
    while await live.step():
        pass


async def hub_of(database: Database, *, queue_size: int = 100) -> LiveHub:
    hub = LiveHub(database, queue_size=queue_size)
    await hub.step()
    return hub


@asynccontextmanager
async def following(
    database: Database, hub: LiveHub, *, after: int | None = None, allowed: bool = True
) -> AsyncIterator[AsyncIterator[Item]]:
    async def may() -> bool:
        return allowed

    with hub.subscribed([CHANNEL]) as reader:
        feed = Feed(database, hub, beat_s=0.05)
        items = feed.follow(reader, after=after, still_allowed=may)
        yield items
        await items.aclose()  # type: ignore[attr-defined]  # it is a generator


async def until(items: AsyncIterator[Item], kind: type[Item]) -> list[Item]:
    """Items up to the first of a kind."""
    got: list[Item] = []
    async with asyncio.timeout(60):
        async for item in items:
            got.append(item)
            if isinstance(item, kind):
                break
    return got


def heard(items: list[Item]) -> list[int]:
    return [item.message.data["n"] for item in items if isinstance(item, Said)]


async def test_a_reader_hears_its_channels_alone_and_beats_move_on(database: Database) -> None:
    hub = await hub_of(database)
    async with following(database, hub) as items:
        assert await until(items, Beat) == [Beat(0)]
        await say(database, 1, channel="listing:lst_other")
        await say(database, 2)
        await say(database, 3, channel="listing:lst_other")
        await hub.step()
        assert heard(await until(items, Said)) == [2]
        assert (await until(items, Beat))[-1] == Beat(3)


async def test_a_slow_reader_gets_what_is_queued_and_comes_back_for_the_rest(
    database: Database,
) -> None:
    hub = await hub_of(database, queue_size=3)
    async with following(database, hub) as items:
        await until(items, Beat)
        await say(database, *range(1, 11))
        await hub.step()
        got = await until(items, Ended)
    assert heard(got) == [1, 2, 3]
    assert got[-1] == Ended("resume")
    async with following(database, hub, after=3) as items:
        assert heard(await until(items, Beat)) == list(range(4, 11))


async def test_more_is_made_up_for_than_fits_into_one_batch(database: Database) -> None:
    count = store.BATCH + 7
    await say(database, *range(count))
    hub = await hub_of(database)
    async with following(database, hub, after=0) as items:
        assert heard(await until(items, Beat)) == list(range(count))


async def test_what_is_kept_no_more_resets(database: Database) -> None:
    await say(database, 1, 2)
    async with database.transaction(SYSTEM) as uow:
        assert await store.forget(uow, before=uow.now + timedelta(seconds=1)) == 2
        assert await store.forget(uow, before=uow.now + timedelta(seconds=1)) == 0
    await say(database, 3)
    hub = await hub_of(database)
    async with following(database, hub, after=1) as items:
        assert await until(items, Beat) == [Reset(3), Beat(3)]
    async with following(database, hub, after=2) as items:
        assert heard(await until(items, Beat)) == [3]
    async with following(database, hub, after=99) as items:
        assert isinstance((await until(items, Beat))[0], Reset)


async def test_a_hub_that_was_away_too_long_sends_its_readers_back(database: Database) -> None:
    hub = await hub_of(database)
    async with following(database, hub) as items:
        await until(items, Beat)
        await say(database, 1, 2, 3)
        async with database.transaction(SYSTEM) as uow:
            await store.forget(uow, before=uow.now + timedelta(seconds=1))
        await say(database, 4)
        await hub.step()
        assert (await until(items, Ended))[-1] == Ended("resume")
    async with following(database, hub, after=0) as items:
        assert isinstance((await until(items, Beat))[0], Reset)


async def test_who_was_served_by_a_process_that_was_ahead_hears_nothing_twice(
    database: Database,
) -> None:
    behind = await hub_of(database)
    await say(database, 1, 2)
    async with following(database, behind, after=2) as items:
        assert (await until(items, Beat))[-1] == Beat(2)
        await say(database, 3)
        await behind.step()
        assert heard(await until(items, Said)) == [3]


async def test_a_reader_that_may_listen_no_more_is_told_and_left(database: Database) -> None:
    hub = await hub_of(database)
    async with following(database, hub, allowed=False) as items:
        assert (await until(items, Ended))[-1] == Ended("refused")
    assert hub.readers == 0
    hub.let_go()
    async with following(database, hub) as items:
        assert (await until(items, Ended))[-1] == Ended("resume")


@pytest.mark.parametrize("seed", range(2))
async def test_disconnects_between_processes_lose_and_double_nothing(
    database: Database, seed: int
) -> None:
    """Writers go on while a reader is cut off again and again and comes back to any process."""
    chance = random.Random(seed)
    hubs = [await hub_of(database, queue_size=4) for _ in range(2)]
    running = [asyncio.create_task(hub.run()) for hub in hubs]
    numberer = LivePublisher(database)
    running.append(asyncio.create_task(numberer.run()))
    committed: list[int] = []

    async def write(first: int) -> None:
        for number in range(first, first + 25):
            async with database.transaction(PUBLIC) as uow:
                await numberer.publish(uow, CHANNEL, "tick", {"n": number})
                await asyncio.sleep(chance.random() / 200)
            committed.append(number)
            for hub in hubs:
                hub.hear(None)

    writing = asyncio.gather(*(write(first) for first in range(0, 75, 25)))
    got: list[int] = []
    position = 0
    async with asyncio.timeout(90):
        while not writing.done() or len(got) < len(committed):
            patience = chance.randrange(1, 12)
            async with following(database, chance.choice(hubs), after=position) as items:
                async for item in items:
                    if isinstance(item, Said):
                        got.append(item.message.data["n"])
                        position = item.message.position
                    elif isinstance(item, Beat):
                        position = item.position
                    assert not isinstance(item, Reset)
                    patience -= 1
                    if patience <= 0 or isinstance(item, Ended):
                        break
    for task in running:
        task.cancel()
    assert len(got) == len(set(got)), "something was heard twice"
    assert sorted(got) == sorted(committed)


def test_streams_are_limited_by_caller_and_in_all() -> None:
    connections = Connections(LiveSettings(connections=3, connections_per_caller=2))
    with connections.one("ada"), connections.one("ada"):
        with pytest.raises(TooMany):
            connections.check("ada")
        connections.check("eve")
        with connections.one("eve"), pytest.raises(Unavailable):
            connections.check("bob")
        connections.check("bob")
    connections.check("ada")
