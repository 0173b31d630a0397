"""The SQL of live messages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from souk.infra.live.api import Message, NewMessage
from souk.infra.postgres.uow import UnitOfWork, json_value

NOTIFY_CHANNEL: Final = "souk_live"
"""NOTIFY with the newest position as its payload."""
BATCH: Final = 500


class Ends(msgspec.Struct, frozen=True):
    """Positions past `forgotten`, up to `newest`, can be read."""

    newest: int
    forgotten: int


async def add(uow: UnitOfWork, messages: Sequence[NewMessage]) -> None:
    """Puts messages into the queue; they have no position yet."""
    await uow.execute(
        """
        INSERT INTO infra.live_waiting (channel, kind, data)
        SELECT channel, kind, data
        FROM unnest(%(channels)s::text[], %(kinds)s::text[], %(data)s::jsonb[])
            WITH ORDINALITY AS m(channel, kind, data, place)
        ORDER BY place
        """,
        channels=[message.channel for message in messages],
        kinds=[message.kind for message in messages],
        data=[json_value(dict(message.data)) for message in messages],
    )


async def anything_waits(uow: UnitOfWork) -> bool:
    """Whether there is something to number."""
    return bool(await uow.value("SELECT EXISTS (SELECT 1 FROM infra.live_waiting)"))


async def take_turn(uow: UnitOfWork) -> int:
    """Waits until nobody else numbers, and keeps it so until the end; answers the newest position.

    The next statement sees everything that had committed when the turn came.
    """
    return int(await uow.value("SELECT newest FROM infra.live_log FOR UPDATE"))


async def place(uow: UnitOfWork, *, newest: int) -> int:
    """Moves what waits behind the newest position; answers how many that were."""
    placed = await uow.execute(
        """
        WITH taken AS (
            DELETE FROM infra.live_waiting WHERE id IN (
                SELECT id FROM infra.live_waiting ORDER BY id LIMIT %(limit)s
            ) RETURNING id, channel, kind, data
        )
        INSERT INTO infra.live_messages (position, channel, kind, data, placed_at)
        SELECT %(newest)s + row_number() OVER (ORDER BY id), channel, kind, data, %(now)s
        FROM taken
        """,
        limit=BATCH,
        newest=newest,
        now=uow.now,
    )
    if placed:
        await uow.execute("UPDATE infra.live_log SET newest = %(newest)s", newest=newest + placed)
        await uow.execute(
            "SELECT pg_notify('souk_live', %(newest)s::text)", newest=str(newest + placed)
        )
    return placed


async def ends(uow: UnitOfWork) -> Ends:
    """Which positions there are."""
    return await uow.one(Ends, "SELECT newest, forgotten FROM infra.live_log")


async def after(uow: UnitOfWork, position: int, *, limit: int = BATCH) -> list[Message]:
    """Messages of every channel past a position, in order."""
    return await uow.all(
        Message,
        """
        SELECT position, channel, kind, data, placed_at FROM infra.live_messages
        WHERE position > %(position)s ORDER BY position LIMIT %(limit)s
        """,
        position=position,
        limit=limit,
    )


async def between(
    uow: UnitOfWork, channels: Sequence[str], *, after: int, up_to: int, limit: int = BATCH
) -> list[Message]:
    """Messages of these channels past one position and up to another, in order."""
    return await uow.all(
        Message,
        """
        SELECT position, channel, kind, data, placed_at FROM infra.live_messages
        WHERE channel = ANY(%(channels)s) AND position > %(after)s AND position <= %(up_to)s
        ORDER BY position LIMIT %(limit)s
        """,
        channels=list(channels),
        after=after,
        up_to=up_to,
        limit=limit,
    )


async def forget(uow: UnitOfWork, *, before: datetime) -> int:
    """Removes messages placed before a moment, and notes how far; answers how many."""
    await take_turn(uow)
    return await uow.execute(
        """
        WITH gone AS (
            DELETE FROM infra.live_messages WHERE placed_at < %(before)s RETURNING position
        ), noted AS (
            UPDATE infra.live_log SET forgotten = greatest(
                forgotten, coalesce((SELECT max(position) FROM gone), 0)
            )
        )
        SELECT FROM gone
        """,
        before=before,
    )
