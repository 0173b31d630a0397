"""Positions follow the commits: whoever has read up to one will never find a smaller one later."""

import asyncio
import random

import psycopg
import pytest

from souk.infra.live import store
from souk.infra.live.api import Message, NewMessage
from souk.infra.live.publisher import LivePublisher
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import PUBLIC, SYSTEM


@pytest.fixture(autouse=True)
def _empty(owner_dsn: str) -> None:
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        connection.execute("TRUNCATE infra.live_waiting, infra.live_messages")
        connection.execute("UPDATE infra.live_log SET newest = 0, forgotten = 0")


async def _read(database: Database, *, after: int = 0) -> list[Message]:
    async with database.transaction(SYSTEM, read_only=True) as uow:
        return await store.after(uow, after, limit=10_000)


async def test_a_message_of_a_transaction_that_fails_is_never_said(database: Database) -> None:
    live = LivePublisher(database)
    with pytest.raises(RuntimeError):
        async with database.transaction(PUBLIC) as uow:
            await live.publish(uow, "listing:lst_1", "changed", {})
            raise RuntimeError
    async with database.transaction(PUBLIC) as uow:
        await live.publish(uow, "listing:lst_2", "changed", {"n": 1})
    assert await live.step() == 1
    (said,) = await _read(database)
    assert (said.position, said.channel, said.data) == (1, "listing:lst_2", {"n": 1})


async def test_the_messages_of_a_transaction_keep_their_order(database: Database) -> None:
    live = LivePublisher(database)
    async with database.transaction(PUBLIC) as uow:
        await live.publish_all(uow, [NewMessage("admin", "tick", {"n": n}) for n in range(20)])
        await live.publish(uow, "admin", "tick", {"n": 20})
    await live.step()
    assert [message.data["n"] for message in await _read(database)] == list(range(21))


@pytest.mark.parametrize("channel", ["", "listing:", "Listing:a", "listing:a b", "a:b:c", "x" * 99])
async def test_a_channel_that_nobody_could_name_is_refused(
    database: Database, channel: str
) -> None:
    async with database.transaction(PUBLIC) as uow:
        with pytest.raises(ValueError, match="not a channel"):
            await LivePublisher(database).publish(uow, channel, "changed", {})


async def test_a_late_commit_gets_a_late_position(database: Database) -> None:
    """An identity alone would put it before what everybody has read."""
    live = LivePublisher(database)
    async with database.transaction(PUBLIC) as slow:
        await live.publish(slow, "admin", "slow", {})
        async with database.transaction(PUBLIC) as quick:
            await live.publish(quick, "admin", "quick", {})
        assert await live.step() == 1
        assert [m.kind for m in await _read(database)] == ["quick"]
    assert await live.step() == 1
    assert [m.kind for m in await _read(database, after=1)] == ["slow"]


@pytest.mark.parametrize("seed", range(3))
async def test_a_reader_beside_many_writers_misses_nothing_and_reads_nothing_twice(
    database: Database, seed: int
) -> None:
    chance = random.Random(seed)
    numberers = [LivePublisher(database) for _ in range(3)]
    committed: list[int] = []
    read: list[Message] = []
    done = asyncio.Event()

    async def write(first: int) -> None:
        for number in range(first, first + 12):
            live = chance.choice(numberers)
            uow = database.unit_of_work(PUBLIC)
            await live.publish(uow, "admin", "tick", {"n": number})
            for _ in range(chance.randrange(4)):  # others commit, number and read meanwhile
                await uow.value("SELECT 1")
            if chance.random() < 0.2:
                await uow.rollback()
            else:
                await uow.commit()
                committed.append(number)

    async def number_all(live: LivePublisher) -> None:
        while not done.is_set():
            await live.step()
            await asyncio.sleep(0)
        while await live.step():
            pass

    async def follow() -> None:
        while not done.is_set():
            read.extend(await _read(database, after=read[-1].position if read else 0))

    async with asyncio.TaskGroup() as tasks:
        for live in numberers:
            tasks.create_task(number_all(live))
        tasks.create_task(follow())
        await asyncio.gather(*(write(first) for first in range(0, 60, 12)))
        done.set()
    read.extend(await _read(database, after=read[-1].position if read else 0))
    assert sorted(message.data["n"] for message in read) == sorted(committed)
    assert [message.position for message in read] == list(range(1, len(read) + 1))
