"""A unit of work commits all of it or nothing, also when it is cut off half way."""

import asyncio
from uuid import uuid4

import psycopg
import pytest

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import PUBLIC, SYSTEM

NOTE = """
INSERT INTO infra.idempotency (caller, key, request_hash, created_at)
VALUES (%(caller)s, %(key)s, '', now())
"""
NOTES_OF = "SELECT key FROM infra.idempotency WHERE caller = %(caller)s ORDER BY key"


async def test_a_cancelled_statement_stays_cancelled_and_the_pool_stays_whole(
    database: Database,
) -> None:
    async def copy_for_ever() -> None:
        async with database.transaction(PUBLIC) as uow:
            connection = await uow.connection()
            cursor = connection.cursor()
            await connection.execute("CREATE TEMP TABLE cut (n int) ON COMMIT DROP")
            async with cursor.copy("COPY cut FROM STDIN") as copy:
                while True:
                    await copy.write_row((1,))
                    await asyncio.sleep(0)

    for delay_s in (0.0, 0.005, 0.02, 0.05) * 4:
        task = asyncio.create_task(copy_for_ever())
        await asyncio.sleep(delay_s)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    for _ in range(20):
        async with database.transaction(PUBLIC) as uow:
            assert await uow.value("SELECT 1") == 1


async def kept(database: Database, name: str) -> list[str]:
    async with database.transaction(SYSTEM) as uow:
        return await uow.values(NOTES_OF, caller=name)


async def test_what_is_written_last_is_committed_with_the_rest(database: Database) -> None:
    name = uuid4().hex
    async with database.transaction(SYSTEM) as uow:
        uow.write_last(NOTE, caller=name, key="2")
        await uow.execute(NOTE, caller=name, key="1")
        assert await uow.values(NOTES_OF, caller=name) == ["1"]
    assert await kept(database, name) == ["1", "2"]


async def test_what_is_written_last_needs_nothing_before_it(database: Database) -> None:
    name = uuid4().hex
    async with database.transaction(SYSTEM) as uow:
        uow.write_last(NOTE, caller=name, key="1")
    assert await kept(database, name) == ["1"]


async def test_a_last_write_that_fails_undoes_everything(database: Database) -> None:
    name = uuid4().hex
    with pytest.raises(psycopg.errors.NotNullViolation):
        async with database.transaction(SYSTEM) as uow:
            await uow.execute(NOTE, caller=name, key="1")
            uow.write_last(NOTE, caller=name, key="2")
            uow.write_last(NOTE, caller=name, key=None)
            uow.write_last(NOTE, caller=name, key="3")
    assert await kept(database, name) == []


async def test_a_roll_back_forgets_what_was_to_be_written_last(database: Database) -> None:
    name = uuid4().hex
    uow = database.unit_of_work(SYSTEM)
    uow.write_last(NOTE, caller=name, key="1")
    await uow.rollback()
    await uow.commit()
    assert await kept(database, name) == []
