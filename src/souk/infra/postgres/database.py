"""The pool of connections, and transactions from it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import msgspec
from psycopg import AsyncConnection
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool

from souk.infra.postgres.scope import Scope
from souk.infra.postgres.uow import EventWriter, UnitOfWork
from souk.kernel.clock import Clock

STATEMENT_TIMEOUT_MS: Final = 30_000
WAIT_FOR_CONNECTION_S: Final = 10.0


class Database:
    """PostgreSQL as the application's own role, which row-level security binds."""

    def __init__(
        self, dsn: str, *, pool_size: int, clock: Clock, write_events: EventWriter
    ) -> None:
        self._clock = clock
        self._write_events = write_events
        self._pool = AsyncConnectionPool(
            dsn,
            min_size=min(2, pool_size),
            max_size=pool_size,
            timeout=WAIT_FOR_CONNECTION_S,
            open=False,
            configure=_configure,
            kwargs={"autocommit": True},
        )
        self.dsn = dsn

    async def open(self) -> None:
        """Connects; fails when the server does not answer."""
        await self._pool.open(wait=True, timeout=WAIT_FOR_CONNECTION_S)

    async def close(self) -> None:
        """Closes every connection."""
        await self._pool.close()

    def pool_gauges(self) -> dict[str, float]:
        """The pool of this process: `pool_size`, `pool_free`, and requests that wait for one."""
        stats = self._pool.get_stats()
        return {
            "pool_size": stats.get("pool_size", 0),
            "pool_free": stats.get("pool_available", 0),
            "pool_waiting": stats.get("requests_waiting", 0),
        }

    def unit_of_work(self, scope: Scope, *, read_only: bool = False) -> UnitOfWork:
        """A unit of work that the caller commits or rolls back."""
        return UnitOfWork(
            self._pool,
            scope=scope,
            clock=self._clock,
            write_events=self._write_events,
            read_only=read_only,
        )

    @asynccontextmanager
    async def transaction(
        self, scope: Scope, *, read_only: bool = False
    ) -> AsyncIterator[UnitOfWork]:
        """A unit of work that commits at the end of the block, or undoes all on an error."""
        uow = self.unit_of_work(scope, read_only=read_only)
        try:
            yield uow
        except BaseException:
            await uow.rollback()
            raise
        await uow.commit()


async def _configure(connection: AsyncConnection) -> None:
    set_json_dumps(msgspec.json.encode, connection)
    set_json_loads(msgspec.json.decode, connection)
    await connection.execute(
        f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}; SET timezone = 'UTC';"
        "SET idle_in_transaction_session_timeout = 60000"
    )
