"""Facts reach their handlers after the commit, once, and a bad one stops no others."""

from collections.abc import Sequence
from typing import Any, ClassVar

import psycopg
import pytest

from souk.infra.outbox import store
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.outbox.worker import MAX_ATTEMPTS, OutboxWorker
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import PUBLIC, SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.events import Event


class Rang(Event, frozen=True, kw_only=True):
    topic: ClassVar[str] = "test.rang"
    number: int


@pytest.fixture(autouse=True)
def _table(owner_dsn: str) -> None:
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS heard; CREATE TABLE heard (number int)")
        connection.execute("GRANT ALL ON heard TO souk_app; TRUNCATE infra.events CASCADE")


async def _hear(uow: UnitOfWork, delivered: Sequence[Delivered[Any]]) -> None:
    for one in delivered:
        await uow.execute("INSERT INTO heard VALUES (%(number)s)", number=one.event.number)
        if one.event.number == 13:
            raise RuntimeError("thirteen is too much")


def _worker(database: Database, *, batch: int = 1) -> OutboxWorker:
    return OutboxWorker(
        database, [Handler(name="test.hear", events=(Rang,), run=_hear, batch=batch)]
    )


async def _ring(database: Database, *numbers: int) -> None:
    async with database.transaction(PUBLIC) as uow:
        for number in numbers:
            uow.publish(Rang(number=number))


async def _heard(database: Database) -> list[int]:
    async with database.transaction(PUBLIC) as uow:
        return await uow.values("SELECT number FROM heard ORDER BY number")


async def test_a_fact_is_handled_once_however_often_the_worker_runs(database: Database) -> None:
    await _ring(database, 1, 2, 3)
    for _ in range(3):
        await _worker(database, batch=2).drain()
    assert await _heard(database) == [1, 2, 3]


async def test_facts_of_one_transaction_keep_their_order(database: Database) -> None:
    await _ring(database, *range(1, 13))
    async with database.transaction(PUBLIC) as uow:
        rows = await uow.values("SELECT payload->>'number' FROM infra.events ORDER BY id")
    assert [int(row) for row in rows] == list(range(1, 13))


async def test_a_rolled_back_transaction_announces_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.transaction(PUBLIC) as uow:
            uow.publish(Rang(number=7))
            raise ZeroDivisionError
    await _worker(database).drain()
    assert await _heard(database) == []


async def test_a_failing_fact_is_retried_alone_then_dead_and_can_be_revived(
    database: Database, owner_dsn: str
) -> None:
    await _ring(database, 1, 13, 2)
    worker = _worker(database, batch=10)
    for _ in range(MAX_ATTEMPTS + 1):
        await worker.drain()
        with psycopg.connect(owner_dsn, autocommit=True) as connection:
            connection.execute("UPDATE infra.deliveries SET due_at = now() - interval '1 hour'")
    assert await _heard(database) == [1, 2]
    async with database.transaction(SYSTEM) as uow:
        (dead,) = await store.dead_letters(uow, limit=10)
        assert dead.attempts == MAX_ATTEMPTS
        assert "thirteen" in (dead.last_error or "")
        assert await store.revive(uow, event_id=dead.event_id, handler=dead.handler)
        assert await store.dead_letters(uow, limit=10) == []
