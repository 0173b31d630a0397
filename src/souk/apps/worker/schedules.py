"""Schedules: each in its own loop, and under a lock so that one worker at a time does it."""

import asyncio
import time
import zlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import structlog

from souk.apps.wiring.parts import Schedule
from souk.infra.operations import store
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM

LOCK_SPACE: Final = 731_002

log = structlog.get_logger("souk.schedules")


async def run_schedules(database: Database, schedules: Sequence[Schedule]) -> None:
    """Keeps every schedule until cancelled."""
    try:
        async with database.transaction(SYSTEM) as uow:
            await store.know_schedules(uow, {one.name: one.every_s for one in schedules})
    except Exception:
        log.exception("the operator does not see the schedules")
    async with asyncio.TaskGroup() as tasks:
        for schedule in schedules:
            tasks.create_task(_keep(database, schedule))


async def _keep(database: Database, schedule: Schedule) -> None:
    while True:
        try:
            await run_once(database, schedule)
        except Exception as error:
            log.exception("a schedule failed", schedule=schedule.name)
            await _note_failure(database, schedule, error)
        await asyncio.sleep(schedule.every_s)


async def run_once(database: Database, schedule: Schedule) -> bool:
    """Runs it now, unless another worker is at it; answers whether it ran."""
    async with database.transaction(SYSTEM) as uow:
        mine = await uow.value(
            "SELECT pg_try_advisory_xact_lock(%(space)s, %(name)s)",
            space=LOCK_SPACE,
            name=zlib.crc32(schedule.name.encode()) - 2**31,
        )
        if mine:
            started_s = time.perf_counter()
            await schedule.run(uow)
            took_ms = (time.perf_counter() - started_s) * 1000
            await store.note_run(uow, schedule.name, took_ms=took_ms)
        return bool(mine)


async def _note_failure(database: Database, schedule: Schedule, error: Exception) -> None:
    with suppress(Exception):  # what made it fail may be the database
        async with database.transaction(SYSTEM) as uow:
            words = f"{type(error).__name__}: {error}"
            await store.note_failure(uow, schedule.name, error=words)
