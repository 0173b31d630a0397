"""The unit of work: one transaction, opened at the edge, with the SQL verbs stores use.

It takes a connection at the first statement, so that a request that needs no database costs none.
Services never commit: whoever opened it does.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

import psycopg
from psycopg import AsyncConnection, AsyncCursor
from psycopg.pq import TransactionStatus
from psycopg.rows import class_row, dict_row, tuple_row
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from souk.infra.postgres.scope import Scope
from souk.kernel.clock import Clock
from souk.kernel.events import Event
from souk.kernel.ids import EventId, new_id

R = TypeVar("R")


class LastAnswer:
    """What a statement that went out with the commit has answered; read it after the commit."""

    def __init__(self) -> None:
        self.value: Any = None
        """The first column of the first row, or None."""


EventWriter = Callable[["UnitOfWork", Sequence[tuple[EventId, Event]]], Awaitable[None]]
"""Writes the announced events inside the transaction (the outbox)."""


class UnitOfWork:
    """One transaction in one data scope."""

    def __init__(
        self,
        pool: AsyncConnectionPool,
        *,
        scope: Scope,
        clock: Clock,
        write_events: EventWriter,
        read_only: bool = False,
    ) -> None:
        self._pool = pool
        self._scope = scope
        self._write_events = write_events
        self._read_only = read_only
        self._connection: AsyncConnection | None = None
        self._lifted = False
        self._events: list[tuple[EventId, Event]] = []
        self._last: list[tuple[str, dict[str, object], LastAnswer]] = []
        self._after_commit: list[Callable[[], None]] = []
        self.clock = clock
        self.now: datetime = clock.now()
        """The one moment everything in this transaction happens at."""

    @property
    def scope(self) -> Scope:
        return self._scope

    async def connection(self) -> AsyncConnection:
        """The transaction's own connection, for what the verbs below do not cover."""
        if self._connection is None:
            connection = await self._pool.getconn()
            self._connection = connection
            mode = "READ ONLY" if self._read_only else "READ WRITE"
            await connection.execute(
                cast(Any, f"BEGIN {mode}; {self._scope.statement()}")  # composed from checked ids
            )
        return self._connection

    async def execute(self, sql: str, /, **params: object) -> int:
        """Runs a statement; answers how many rows it touched."""
        cursor = await self._cursor(tuple_row, sql, params)
        return cursor.rowcount

    async def all(self, row: type[R], sql: str, /, **params: object) -> list[R]:
        """Every row as `row(**columns)`."""
        cursor = await self._cursor(class_row(row), sql, params)
        return cast(list[R], await cursor.fetchall())

    async def one_or_none(self, row: type[R], sql: str, /, **params: object) -> R | None:
        """The first row as `row(**columns)`, or None."""
        cursor = await self._cursor(class_row(row), sql, params)
        return cast(R | None, await cursor.fetchone())

    async def one(self, row: type[R], sql: str, /, **params: object) -> R:
        """The one row that is known to be there."""
        found = await self.one_or_none(row, sql, **params)
        assert found is not None, "the statement answered no row"
        return found

    async def value(self, sql: str, /, **params: object) -> Any:  # the column's own type
        """The first column of the first row, or None."""
        cursor = await self._cursor(tuple_row, sql, params)
        found = await cursor.fetchone()
        return None if found is None else found[0]

    async def values(self, sql: str, /, **params: object) -> list[Any]:  # the column's own type
        """The first column of every row."""
        cursor = await self._cursor(tuple_row, sql, params)
        return [found[0] for found in await cursor.fetchall()]

    async def dicts(self, sql: str, /, **params: object) -> list[dict[str, Any]]:
        """Every row as a dictionary: for a report whose columns are not known before."""
        cursor = await self._cursor(dict_row, sql, params)
        return cast(list[dict[str, Any]], await cursor.fetchall())

    def publish(self, event: Event) -> EventId:
        """Announces a fact: it leaves the process if, and only if, this transaction commits.

        Facts of one transaction keep their order: ids sort by their millisecond, so each gets one.
        """
        at = self.now + timedelta(milliseconds=len(self._events))
        event_id = EventId(new_id("evt", at))
        self._events.append((event_id, event))
        return event_id

    def write_last(self, sql: str, /, **params: object) -> LastAnswer:
        """A write that goes out together with the commit, in one round trip.

        For what many transactions write to (its locks are held least) and whose outcome decides
        nothing in this transaction. Statements that run before the commit do not see it.
        """
        answer = LastAnswer()
        self._last.append((sql, params, answer))
        return answer

    def after_commit(self, call: Callable[[], None]) -> None:
        """Something quick to do in this process once the facts are durable (drop a cache entry)."""
        self._after_commit.append(call)

    @asynccontextmanager
    async def as_system(self) -> AsyncIterator[None]:
        """Lifts row-level security for the block: for the few rules that must look across
        organisations (is this e-mail address taken?). Its queries name what they need exactly.
        """
        if self._scope.system or self._lifted:
            yield
            return
        await self.execute("SET LOCAL souk.system = 'on'")
        self._lifted = True
        try:
            yield
        finally:
            self._lifted = False
            connection = await self.connection()
            if connection.info.transaction_status == TransactionStatus.INTRANS:
                await connection.execute("SET LOCAL souk.system = 'off'")

    async def commit(self) -> None:
        """Writes what comes last and the events, commits, gives the connection back."""
        try:
            if self._connection is not None or self._last or self._events:
                await self._write_rest_and_commit()
        except BaseException:
            await self.rollback()
            raise
        await self._release()
        for call in self._after_commit:
            call()

    async def rollback(self) -> None:
        """Undoes everything, gives the connection back."""
        self._events.clear()
        self._last.clear()
        self._after_commit.clear()
        connection = self._connection
        if connection is not None and not connection.closed:
            try:
                await connection.rollback()
            except psycopg.Error:
                # A command that was cut off half way: the server rolls back when we hang up, and
                # whoever asked for the rollback keeps the error that led to it.
                await connection.close()
        await self._release()

    async def _write_rest_and_commit(self) -> None:
        """In one round trip. When a statement fails the server skips those behind it, so there is
        no commit either, and the first error is raised here."""
        connection = await self.connection()
        async with connection.pipeline():
            asked = [
                (await self._cursor(tuple_row, sql, params), answer)
                for sql, params, answer in self._last
            ]
            if self._events:
                await self._write_events(self, self._events)
            await connection.execute("COMMIT")
        for cursor, answer in asked:
            found = await cursor.fetchone() if cursor.description is not None else None
            answer.value = None if found is None else found[0]

    async def _release(self) -> None:
        connection, self._connection = self._connection, None
        self._events = []
        self._last = []
        if connection is not None:
            await self._pool.putconn(connection)

    async def _cursor(self, rows: Any, sql: str, params: dict[str, object]) -> AsyncCursor[Any]:
        connection = await self.connection()
        cursor: AsyncCursor[Any] = connection.cursor(row_factory=rows)
        await cursor.execute(cast(Any, sql), params or None)  # stores compose SQL from constants
        return cursor


def json_value(value: object) -> Jsonb:
    """A value for a `jsonb` column."""
    return Jsonb(value)
