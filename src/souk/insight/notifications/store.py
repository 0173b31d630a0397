"""The SQL of notices."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.ids import UserId, new_id
from souk_client.contracts.insight import Notice


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What a notice says; also the text of its mail."""

    kind: str
    title: str
    body: str
    link: str | None


class NewNotice(msgspec.Struct, frozen=True):
    """A message for one user about one event."""

    event_id: str
    user_id: UserId
    message: Message
    in_app: bool = True


async def insert(uow: UnitOfWork, notices: Sequence[NewNotice]) -> set[tuple[str, str, str]]:
    """Adds notices; at most one an event, user and kind.

    Returns:
        Event, user and kind of those that are new.
    """
    rows = await uow.all(
        _Inserted,
        """
        INSERT INTO insight.notices
            (id, user_id, event_id, kind, title, body, link, in_app, created_at)
        SELECT n.id, n.user_id, n.event_id, n.kind, n.title, n.body, n.link, n.in_app, %(now)s
        FROM unnest(%(ids)s::text[], %(user_ids)s::text[], %(event_ids)s::text[],
                    %(kinds)s::text[], %(titles)s::text[], %(bodies)s::text[], %(links)s::text[],
                    %(in_app)s::boolean[])
            AS n(id, user_id, event_id, kind, title, body, link, in_app)
        ON CONFLICT DO NOTHING
        RETURNING event_id, user_id, kind
        """,
        ids=[new_id("ntc", uow.now) for _ in notices],
        user_ids=[notice.user_id for notice in notices],
        event_ids=[notice.event_id for notice in notices],
        kinds=[notice.message.kind for notice in notices],
        titles=[notice.message.title for notice in notices],
        bodies=[notice.message.body for notice in notices],
        links=[notice.message.link for notice in notices],
        in_app=[notice.in_app for notice in notices],
        now=uow.now,
    )
    return {(row.event_id, row.user_id, row.kind) for row in rows}


class _Inserted(msgspec.Struct, frozen=True):
    event_id: str
    user_id: str
    kind: str


async def page(
    uow: UnitOfWork, user_id: UserId, *, before: str | None, unread_only: bool, limit: int
) -> list[Notice]:
    return await uow.all(
        Notice,
        """
        SELECT id, kind, title, body, link, created_at, read_at FROM insight.notices
        WHERE user_id = %(user_id)s AND in_app AND (%(before)s::text IS NULL OR id < %(before)s)
          AND (NOT %(unread_only)s OR read_at IS NULL)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        user_id=user_id,
        before=before,
        unread_only=unread_only,
        limit=limit,
    )


async def get(uow: UnitOfWork, user_id: UserId, notice_id: str) -> Notice | None:
    return await uow.one_or_none(
        Notice,
        """
        SELECT id, kind, title, body, link, created_at, read_at FROM insight.notices
        WHERE user_id = %(user_id)s AND in_app AND id = %(id)s
        """,
        user_id=user_id,
        id=notice_id,
    )


async def unread(uow: UnitOfWork, user_id: UserId) -> int:
    count = await uow.value(
        """
        SELECT count(*) FROM (
            SELECT 1 FROM insight.notices
            WHERE user_id = %(user_id)s AND read_at IS NULL AND in_app LIMIT 1000
        ) AS seen
        """,
        user_id=user_id,
    )
    return int(count)


async def mark_read(uow: UnitOfWork, user_id: UserId, *, notice_id: str | None) -> int:
    """Marks one of the user's notices (or all) read; answers how many there were to mark.

    One that was read already counts, and keeps its time.
    """
    return await uow.execute(
        """
        UPDATE insight.notices SET read_at = coalesce(read_at, %(now)s)
        WHERE user_id = %(user_id)s AND in_app
          AND CASE WHEN %(id)s::text IS NULL THEN read_at IS NULL ELSE id = %(id)s END
        """,
        user_id=user_id,
        id=notice_id,
        now=uow.now,
    )


async def forget(uow: UnitOfWork, *, before: datetime) -> int:
    """Removes notices older than this; answers how many."""
    return await uow.execute(
        "DELETE FROM insight.notices WHERE created_at < %(before)s", before=before
    )
