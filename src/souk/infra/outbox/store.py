"""The outbox's SQL: writing events, fanning them out to handlers, taking due deliveries."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from souk.infra.postgres.uow import UnitOfWork, json_value
from souk.kernel.events import Event
from souk.kernel.ids import EventId

CHANNEL: Final = "souk_events"
"""The NOTIFY channel that wakes workers."""
KEPT_FOR: Final = timedelta(days=30)


class Delivery(msgspec.Struct, frozen=True):
    """An event on its way to one handler."""

    event_id: EventId
    topic: str
    payload: dict[str, Any]  # the event's own fields, decoded by its handler's type
    occurred_at: datetime
    attempts: int


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that was given up, with its last error."""

    event_id: EventId
    handler: str
    topic: str
    attempts: int
    last_error: str | None
    occurred_at: datetime


async def write_events(uow: UnitOfWork, events: Sequence[tuple[EventId, Event]]) -> None:
    """Adds events to the transaction."""
    await uow.execute(
        """
        INSERT INTO infra.events (id, topic, payload, occurred_at)
        SELECT id, topic, payload, %(now)s
        FROM jsonb_to_recordset(%(events)s) AS e(id text, topic text, payload jsonb)
        """,
        now=uow.now,
        # One document: an array of documents is escaped member by member, which takes long.
        events=json_value(
            [
                {"id": event_id, "topic": event.topic, "payload": msgspec.to_builtins(event)}
                for event_id, event in events
            ]
        ),
    )


class Dispatched(msgspec.Struct, frozen=True):
    """What one round of dispatching did: how many events it took, and whose deliveries it made."""

    events: int
    handlers: list[str]


async def dispatch(
    uow: UnitOfWork, handlers: Mapping[str, Sequence[str]], *, limit: int
) -> Dispatched:
    """Makes the deliveries of waiting events.

    Args:
        uow: in the system's scope.
        handlers: topic → names of its handlers.
        limit: the most events to take.
    """
    topics = [topic for topic, names in handlers.items() for _ in names]
    names = [name for several in handlers.values() for name in several]
    return await uow.one(
        Dispatched,
        """
        WITH taken AS (
            SELECT id, topic FROM infra.events WHERE dispatched_at IS NULL
            ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        ), fanned AS (
            INSERT INTO infra.deliveries (event_id, handler, due_at)
            SELECT taken.id, h.name, %(now)s
            FROM taken JOIN unnest(%(topics)s::text[], %(names)s::text[]) AS h(topic, name)
                USING (topic)
            RETURNING handler
        ), marked AS (
            UPDATE infra.events SET dispatched_at = %(now)s
            FROM taken WHERE events.id = taken.id RETURNING 1
        )
        SELECT (SELECT count(*) FROM marked) AS events,
               ARRAY(SELECT DISTINCT handler FROM fanned) AS handlers
        """,
        limit=limit,
        now=uow.now,
        topics=topics,
        names=names,
    )


async def due_handlers(uow: UnitOfWork, handlers: Sequence[str]) -> list[str]:
    """Those of these handlers with a delivery due: a retry, or what another worker left."""
    return await uow.values(
        """
        SELECT name FROM unnest(%(handlers)s::text[]) AS h(name) WHERE EXISTS (
            SELECT 1 FROM infra.deliveries d
            WHERE d.handler = h.name AND d.state = 'waiting' AND d.due_at <= %(now)s
        )
        """,
        handlers=list(handlers),
        now=uow.now,
    )


async def take_due(uow: UnitOfWork, handler: str, *, limit: int) -> list[Delivery]:
    """Locks due deliveries of a handler until this transaction ends, oldest event first."""
    return await uow.all(
        Delivery,
        """
        SELECT d.event_id, e.topic, e.payload, e.occurred_at, d.attempts
        FROM infra.deliveries d JOIN infra.events e ON e.id = d.event_id
        WHERE d.handler = %(handler)s AND d.state = 'waiting' AND d.due_at <= %(now)s
        ORDER BY d.due_at, d.event_id LIMIT %(limit)s
        FOR UPDATE OF d SKIP LOCKED
        """,
        handler=handler,
        now=uow.now,
        limit=limit,
    )


async def mark_done(uow: UnitOfWork, handler: str, event_ids: Sequence[EventId]) -> None:
    """Notes that a handler's effect is in this same transaction."""
    await uow.execute(
        """
        UPDATE infra.deliveries
        SET state = 'done', attempts = attempts + 1, finished_at = %(now)s, last_error = NULL
        WHERE handler = %(handler)s AND event_id = ANY(%(ids)s)
        """,
        handler=handler,
        ids=list(event_ids),
        now=uow.now,
    )


async def mark_failed(
    uow: UnitOfWork,
    handler: str,
    event_ids: Sequence[EventId],
    *,
    error: str,
    retry_in: timedelta,
    max_attempts: int,
) -> None:
    """Notes a failure: due again later, or dead after `max_attempts`."""
    await uow.execute(
        """
        UPDATE infra.deliveries
        SET attempts = attempts + 1,
            state = CASE WHEN attempts + 1 >= %(max)s THEN 'dead' ELSE 'waiting' END,
            due_at = %(due)s,
            last_error = %(error)s
        WHERE handler = %(handler)s AND event_id = ANY(%(ids)s) AND state = 'waiting'
        """,
        handler=handler,
        ids=list(event_ids),
        max=max_attempts,
        due=uow.now + retry_in,
        error=error[:2000],
    )


async def dead_letters(
    uow: UnitOfWork, *, before: tuple[str, str] | None = None, limit: int
) -> list[DeadLetter]:
    """Deliveries that were given up, newest first.

    Args:
        before: event id and handler of the last one seen.
    """
    event_id, handler = before or (None, None)
    return await uow.all(
        DeadLetter,
        """
        SELECT d.event_id, d.handler, e.topic, d.attempts, d.last_error, e.occurred_at
        FROM infra.deliveries d JOIN infra.events e ON e.id = d.event_id
        WHERE d.state = 'dead' AND (%(event_id)s::text IS NULL
            OR (d.event_id, d.handler) < (%(event_id)s, %(handler)s))
        ORDER BY d.event_id DESC, d.handler DESC LIMIT %(limit)s
        """,
        event_id=event_id,
        handler=handler,
        limit=limit,
    )


async def revive(uow: UnitOfWork, *, event_id: str, handler: str) -> bool:
    """Gives a dead delivery another set of attempts; False when there is none."""
    touched = await uow.execute(
        """
        UPDATE infra.deliveries SET state = 'waiting', attempts = 0, due_at = %(now)s
        WHERE event_id = %(event_id)s AND handler = %(handler)s AND state = 'dead'
        """,
        event_id=event_id,
        handler=handler,
        now=uow.now,
    )
    return touched == 1


async def discard(uow: UnitOfWork, *, event_id: str, handler: str, by: str) -> str | None:
    """Closes a dead delivery for good, with who did it before its last error.

    Returns:
        The last error; None when there is no such delivery.
    """
    errors = await uow.values(
        """
        UPDATE infra.deliveries
        SET state = 'done', finished_at = %(now)s,
            last_error = 'discarded by ' || %(by)s || ': ' || coalesce(last_error, '')
        WHERE event_id = %(event_id)s AND handler = %(handler)s AND state = 'dead'
        RETURNING last_error
        """,
        event_id=event_id,
        handler=handler,
        by=by,
        now=uow.now,
    )
    return str(errors[0]) if errors else None


async def forget_old(uow: UnitOfWork) -> int:
    """Removes events past their time whose deliveries are all done; answers how many."""
    return await uow.execute(
        """
        DELETE FROM infra.events e
        WHERE e.occurred_at < %(before)s AND e.dispatched_at IS NOT NULL
          AND NOT EXISTS (
            SELECT 1 FROM infra.deliveries d WHERE d.event_id = e.id AND d.state <> 'done'
          )
        """,
        before=uow.now - KEPT_FOR,
    )
