"""What the worker does about a database that was away: it waits, and then takes up what was lost.

DBOS itself waits for its own tables to come back. What it cannot know is that a step of ours failed
only because the database was away, and that a workflow's thread ended with it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import psycopg
import structlog
from psycopg_pool import PoolTimeout, TooManyRequests

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.workflows.engine import Workflows

T = TypeVar("T")

AWAY: Final = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, TooManyRequests)
"""What is raised while the database does not answer."""
LONGEST_S: Final = 3600.0
"""How long a step waits for the database, before that counts as one of its attempts."""
_PAUSES_S: Final = (0.5, 5.0)
_LOOK_EVERY_S: Final = 3.0
_WATCHED_S: Final = 90.0
"""For so long after an outage lost workflows are looked for: some end only when they next ask the
database for something."""

log = structlog.get_logger("souk.workflows")


async def through_outages(run: Callable[[], Awaitable[T]], *, longest_s: float = LONGEST_S) -> T:
    """The outcome of `run`, which is run again for as long as the database is away."""
    until = time.monotonic() + longest_s
    pause_s, longest_pause_s = _PAUSES_S
    while True:
        try:
            return await run()
        except AWAY as error:
            if time.monotonic() + pause_s > until:
                raise
            log.warning("the database is away; the step waits for it", error=str(error))
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, longest_pause_s)


class OutageWatch:
    """A task of the worker: notices that the database was away, and takes up lost workflows."""

    def __init__(self, *, database: Database, workflows: Workflows) -> None:
        self._database = database
        self._workflows = workflows
        self._watched_until_s = 0.0

    async def run(self) -> None:
        """Looks until cancelled."""
        while True:
            try:
                await self._look()
            except Exception:
                log.exception("lost workflows could not be looked for; trying again")
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _look(self) -> None:
        if not await self._answers():
            self._watched_until_s = time.monotonic() + _WATCHED_S
        elif time.monotonic() < self._watched_until_s:
            await self._take_up()

    async def _take_up(self) -> None:
        """One that has just been begun is not running yet for a moment, so it is looked twice."""
        lost = await self._workflows.lost()
        if lost:
            await asyncio.sleep(_LOOK_EVERY_S)
            lost &= await self._workflows.lost()
        if lost:
            await self._workflows.take_up(sorted(lost))
            log.warning("workflows were lost with the database; taken up again", count=len(lost))

    async def _answers(self) -> bool:
        try:
            async with self._database.transaction(SYSTEM, read_only=True) as uow:
                return bool(await uow.value("SELECT true"))
        except AWAY:
            return False
