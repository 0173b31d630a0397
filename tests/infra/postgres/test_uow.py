"""A unit of work that is cut off half way gives its connection back whole, or not at all."""

import asyncio

import pytest

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import PUBLIC


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
