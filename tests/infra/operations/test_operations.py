"""What the operator sees is what happens, and only the operator sees it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import psycopg
import pytest
from structlog.testing import capture_logs

from souk.apps.wiring.parts import Schedule
from souk.apps.worker.schedules import run_schedules
from souk.infra.operations import store
from souk.infra.operations.api import ScheduleFacts
from souk.infra.operations.beat import Beat
from souk.infra.operations.service import Operations
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.outbox.worker import MAX_ATTEMPTS, OutboxWorker
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import PUBLIC, SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import ANONYMOUS, Actor
from souk.kernel.clock import SystemClock
from souk.kernel.errors import Forbidden, NotFound, SoukError
from souk.kernel.events import Event
from souk.kernel.ids import UserId

ADMIN = Actor(
    user_id=UserId("usr_operator"),
    roles=frozenset({"admin"}),
    permissions=frozenset({"marketplace:administer"}),
)
BUYER = Actor(user_id=UserId("usr_buyer"), roles=frozenset({"buyer"}))


class Broken(Event, frozen=True, kw_only=True):
    topic: ClassVar[str] = "test.broken"


@pytest.fixture
def operations(tmp_path: Path) -> Operations:
    return Operations(data_path=tmp_path)


@pytest.fixture
async def dead(database: Database, owner_dsn: str) -> list[str]:
    """Ids of three events that nobody could handle."""

    async def fail(_uow: UnitOfWork, _delivered: Sequence[Delivered[Any]]) -> None:
        raise RuntimeError("cannot")

    async with database.transaction(PUBLIC) as uow:
        ids = [uow.publish(Broken()) for _ in range(3)]
    worker = OutboxWorker(database, [Handler(name="test.break", events=(Broken,), run=fail)])
    for _ in range(MAX_ATTEMPTS):
        await worker.drain()
        with psycopg.connect(owner_dsn, autocommit=True) as connection:
            connection.execute("UPDATE infra.deliveries SET due_at = now() - interval '1 second'")
    return [str(event_id) for event_id in ids]


async def test_dead_letters_are_paged_retried_and_discarded(
    database: Database, operations: Operations, dead: list[str]
) -> None:
    async with database.transaction(SYSTEM) as uow:
        first = await operations.dead_letters(uow, ADMIN, cursor=None, limit=2)
        rest = await operations.dead_letters(uow, ADMIN, cursor=first.next_cursor, limit=2)
        assert [one.event_id for one in (*first.items, *rest.items)] == sorted(dead, reverse=True)
        assert rest.next_cursor is None
        assert (await store.queues(uow)).dead == 3
        with capture_logs() as logs:
            await operations.retry(uow, ADMIN, event_id=dead[0], handler="test.break")
            await operations.discard(uow, ADMIN, event_id=dead[1], handler="test.break")
        assert [(line["event"], line["by"]) for line in logs] == [
            ("dead letter retried", "usr_operator"),
            ("dead letter discarded", "usr_operator"),
        ]
        queues = await store.queues(uow)
        assert (queues.waiting, queues.dead) == (1, 1)
        assert queues.oldest_at is not None
        for event_id in (dead[0], dead[1], "evt_none"):
            with pytest.raises(NotFound):
                await operations.discard(uow, ADMIN, event_id=event_id, handler="test.break")


@pytest.mark.parametrize("actor", [ANONYMOUS, BUYER])
async def test_nobody_else_may_ask(
    database: Database, operations: Operations, actor: Actor
) -> None:
    async with database.transaction(PUBLIC) as uow:
        for asked in (
            operations.system(uow, actor),
            operations.schedules(uow, actor),
            operations.workflows(uow, actor, limit=5),
            operations.dead_letters(uow, actor, cursor=None, limit=5),
            operations.retry(uow, actor, event_id="evt", handler="x"),
            operations.discard(uow, actor, event_id="evt", handler="x"),
        ):
            with pytest.raises(SoukError) as refused:
                await asked
            assert refused.value.status in (401, Forbidden.status)


async def test_schedules_show_their_last_run_and_failure(database: Database) -> None:
    ran = asyncio.Event()

    async def good(uow: UnitOfWork) -> None:
        await uow.execute("SELECT 1")

    async def bad(_uow: UnitOfWork) -> None:
        ran.set()
        raise RuntimeError("no bread today")

    schedules = [
        Schedule(name="test.good", every_s=60, run=good),
        Schedule(name="test.bad", every_s=0.5, run=bad),
    ]
    keeping = asyncio.create_task(run_schedules(database, schedules))
    facts: dict[str, ScheduleFacts] = {}
    async with asyncio.timeout(10):
        while not (len(facts) == 2 and facts["test.good"].runs and facts["test.bad"].failures):
            await asyncio.sleep(0.02)
            async with database.transaction(SYSTEM) as uow:
                facts = {one.name: one for one in await store.schedules(uow)}
    keeping.cancel()
    assert ran.is_set()
    assert not facts["test.good"].failing
    assert facts["test.good"].took_ms is not None
    assert facts["test.bad"].failing
    assert facts["test.bad"].last_error == "RuntimeError: no bread today"


async def test_a_process_is_listed_while_it_lives(
    database: Database, operations: Operations
) -> None:
    async def answer(_uow: UnitOfWork) -> float:
        return 42.0

    async def silent(_uow: UnitOfWork) -> None:
        return None

    beat = Beat(database, SystemClock(), gauges={"answer": answer, "silent": silent})
    living = asyncio.create_task(beat.run("worker"))
    async with asyncio.timeout(10):
        while True:
            async with database.transaction(SYSTEM) as uow:
                system = await operations.system(uow, ADMIN)
            if system.processes:
                break
            await asyncio.sleep(0.02)
    (process,) = system.processes
    assert process.kind == "worker"
    assert process.memory_bytes > 10 * 2**20
    assert process.gauges["answer"] == 42.0
    assert "silent" not in process.gauges
    assert process.gauges["pool_size"] >= 1
    assert system.database.connections >= 1
    assert 0 < system.disk.free_bytes < system.disk.total_bytes
    living.cancel()
    await asyncio.wait([living])
    async with database.transaction(SYSTEM) as uow:
        assert (await operations.system(uow, ADMIN)).processes == []
