"""The SQL of what the operator watches. Every function needs the system's scope."""

from datetime import datetime

from souk.infra.operations.api import (
    DatabaseFacts,
    HandlerQueue,
    ProcessFacts,
    Queues,
    ScheduleFacts,
    WorkflowRun,
)
from souk.infra.postgres.uow import UnitOfWork, json_value


async def put_process(uow: UnitOfWork, process: ProcessFacts) -> None:
    """Says that a process lives."""
    await uow.execute(
        """
        INSERT INTO infra.processes
            (id, kind, host, pid, started_at, seen_at, memory_bytes, gauges)
        VALUES (%(id)s, %(kind)s, %(host)s, %(pid)s, %(started_at)s, %(seen_at)s,
                %(memory_bytes)s, %(gauges)s)
        ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at,
            memory_bytes = excluded.memory_bytes, gauges = excluded.gauges
        """,
        id=process.id,
        kind=process.kind,
        host=process.host,
        pid=process.pid,
        started_at=process.started_at,
        seen_at=process.seen_at,
        memory_bytes=process.memory_bytes,
        gauges=json_value(process.gauges),
    )


async def remove_process(uow: UnitOfWork, process_id: str) -> None:
    await uow.execute("DELETE FROM infra.processes WHERE id = %(id)s", id=process_id)


async def forget_processes(uow: UnitOfWork, *, before: datetime) -> int:
    """Removes processes that have said nothing since; answers how many."""
    return await uow.execute("DELETE FROM infra.processes WHERE seen_at < %(at)s", at=before)


async def processes(uow: UnitOfWork, *, since: datetime) -> list[ProcessFacts]:
    """Those that live, the HTTP processes first."""
    return await uow.all(
        ProcessFacts,
        """
        SELECT id, kind, host, pid, started_at, seen_at, memory_bytes, gauges
        FROM infra.processes WHERE seen_at >= %(since)s ORDER BY kind, host, pid
        """,
        since=since,
    )


async def queues(uow: UnitOfWork) -> Queues:
    """What waits, by handler."""
    handlers = await uow.all(
        HandlerQueue,
        """
        SELECT handler, sum(waiting)::bigint AS waiting, sum(retrying)::bigint AS retrying,
               sum(dead)::bigint AS dead, min(oldest_at) AS oldest_at
        FROM (
            SELECT d.handler, count(*) AS waiting,
                   count(*) FILTER (WHERE d.attempts > 0) AS retrying, 0 AS dead,
                   min(e.occurred_at) AS oldest_at
            FROM infra.deliveries d JOIN infra.events e ON e.id = d.event_id
            WHERE d.state = 'waiting' GROUP BY d.handler
            UNION ALL
            SELECT handler, 0, 0, count(*), NULL FROM infra.deliveries
            WHERE state = 'dead' GROUP BY handler
        ) AS q GROUP BY handler ORDER BY sum(dead) DESC, sum(waiting) DESC, handler
        """,
    )
    rest = await uow.dicts(
        """
        SELECT (SELECT count(*) FROM infra.events WHERE dispatched_at IS NULL) AS undispatched,
               (SELECT min(occurred_at) FROM infra.events WHERE dispatched_at IS NULL)
                   AS oldest_undispatched_at,
               (SELECT count(*) FROM infra.live_waiting) AS live_waiting,
               infra.workflows_open() AS workflows_open
        """
    )
    return Queues(handlers=handlers, **rest[0])


async def database(uow: UnitOfWork) -> DatabaseFacts:
    """Connections of this role to this database, and its size."""
    return await uow.one(
        DatabaseFacts,
        """
        SELECT count(*) AS connections, count(*) FILTER (WHERE state = 'active') AS active,
               count(*) FILTER (WHERE query LIKE 'LISTEN %') AS listeners,
               current_setting('max_connections')::int AS max_connections,
               pg_database_size(current_database()) AS size_bytes
        FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user
        """,
    )


async def know_schedules(uow: UnitOfWork, schedules: dict[str, float]) -> None:
    """Keeps the names and intervals (in seconds) of all schedules; forgets those that are gone."""
    await uow.execute(
        """
        INSERT INTO infra.schedules AS s (name, every_s)
        SELECT * FROM unnest(%(names)s::text[], %(every_s)s::double precision[])
        ON CONFLICT (name) DO UPDATE SET every_s = excluded.every_s
        """,
        names=list(schedules),
        every_s=[float(every_s) for every_s in schedules.values()],
    )
    await uow.execute(
        "DELETE FROM infra.schedules WHERE NOT name = ANY(%(names)s)", names=list(schedules)
    )


async def note_run(uow: UnitOfWork, name: str, *, took_ms: float) -> None:
    """A schedule ran, in this same transaction."""
    await uow.execute(
        """
        UPDATE infra.schedules SET started_at = %(now)s, took_ms = %(took_ms)s, runs = runs + 1
        WHERE name = %(name)s
        """,
        name=name,
        now=uow.now,
        took_ms=took_ms,
    )


async def note_failure(uow: UnitOfWork, name: str, *, error: str) -> None:
    """A schedule failed; what it did is undone."""
    await uow.execute(
        """
        UPDATE infra.schedules
        SET failed_at = %(now)s, last_error = %(error)s, failures = failures + 1
        WHERE name = %(name)s
        """,
        name=name,
        now=uow.now,
        error=error[:2000],
    )


async def schedules(uow: UnitOfWork) -> list[ScheduleFacts]:
    """By name."""
    return await uow.all(
        ScheduleFacts,
        """
        SELECT name, every_s, started_at, took_ms, failed_at, last_error, runs, failures
        FROM infra.schedules ORDER BY name
        """,
    )


async def workflows(uow: UnitOfWork, *, limit: int) -> list[WorkflowRun]:
    """Unfinished and failed ones first, then the newest."""
    return await uow.all(
        WorkflowRun,
        "SELECT * FROM infra.workflow_runs(%(limit)s)",
        limit=limit,
    )
