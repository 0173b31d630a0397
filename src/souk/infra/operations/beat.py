"""Each process says every other second that it lives, and how it is."""

import asyncio
import os
import resource
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

import structlog

from souk.infra.operations import store
from souk.infra.operations.api import ProcessFacts
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.clock import Clock

EVERY_S: Final = 2.0
_STATM: Final = Path("/proc/self/statm")

log = structlog.get_logger("souk.operations")

Gauge = Callable[[UnitOfWork], Awaitable[float | None]]
"""Something worth watching, in a system-scope transaction; None when this process knows nothing."""


class Beat:
    """Says it for this process."""

    def __init__(self, database: Database, clock: Clock, *, gauges: Mapping[str, Gauge]) -> None:
        self._database = database
        self._clock = clock
        self._gauges = gauges
        self._id = f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(3)}"

    async def run(self, kind: Literal["http", "worker"]) -> None:
        """Until cancelled; then the process is no longer listed."""
        started_at = self._clock.now()
        try:
            while True:
                try:
                    async with self._database.transaction(SYSTEM) as uow:
                        await uow.execute("SET LOCAL synchronous_commit = off")
                        gauges = {
                            name: value
                            for name, gauge in self._gauges.items()
                            if (value := await gauge(uow)) is not None
                        }
                        await store.put_process(
                            uow,
                            ProcessFacts(
                                id=self._id,
                                kind=kind,
                                host=socket.gethostname()[:40],
                                pid=os.getpid(),
                                started_at=started_at,
                                seen_at=uow.now,
                                memory_bytes=_memory_bytes(),
                                gauges={**self._database.pool_gauges(), **gauges},
                            ),
                        )
                except Exception as error:
                    log.warning("the process could not say that it lives", error=str(error))
                await asyncio.sleep(EVERY_S)
        finally:
            with suppress(Exception):
                async with self._database.transaction(SYSTEM) as uow:
                    await store.remove_process(uow, self._id)


def _memory_bytes() -> int:
    """Resident memory; where the system does not tell it, the most there has been."""
    if _STATM.exists():
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
