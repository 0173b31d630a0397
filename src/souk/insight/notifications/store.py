"""The SQL of notices."""

from collections.abc import Sequence

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.ids import UserId, new_id
from souk_client.contracts.insight import Notice


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What a notice says; also the text of its mail."""

    kind: str
    title: str
    body: str
    link: str


class NewNotice(msgspec.Struct, frozen=True):
    """A message for one user about one event."""

    event_id: str
    user_id: UserId
    message: Message


async def insert(uow: UnitOfWork, notices: Sequence[NewNotice]) -> None:
    """Adds notices; at most one an event, user and kind."""
    await uow.execute(
        """
        INSERT INTO insight.notices (id, user_id, event_id, kind, title, body, link, created_at)
        SELECT n.id, n.user_id, n.event_id, n.kind, n.title, n.body, n.link, %(now)s
        FROM unnest(%(ids)s::text[], %(user_ids)s::text[], %(event_ids)s::text[],
                    %(kinds)s::text[], %(titles)s::text[], %(bodies)s::text[], %(links)s::text[])
            AS n(id, user_id, event_id, kind, title, body, link)
        ON CONFLICT DO NOTHING
        """,
        ids=[new_id("ntc", uow.now) for _ in notices],
        user_ids=[notice.user_id for notice in notices],
        event_ids=[notice.event_id for notice in notices],
        kinds=[notice.message.kind for notice in notices],
        titles=[notice.message.title for notice in notices],
        bodies=[notice.message.body for notice in notices],
        links=[notice.message.link for notice in notices],
        now=uow.now,
    )


async def page(uow: UnitOfWork, user_id: UserId, *, before: str | None, limit: int) -> list[Notice]:
    return await uow.all(
        Notice,
        """
        SELECT id, kind, title, body, link, created_at, read_at FROM insight.notices
        WHERE user_id = %(user_id)s AND (%(before)s::text IS NULL OR id < %(before)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        user_id=user_id,
        before=before,
        limit=limit,
    )


async def unread(uow: UnitOfWork, user_id: UserId) -> int:
    count = await uow.value(
        """
        SELECT count(*) FROM (
            SELECT 1 FROM insight.notices
            WHERE user_id = %(user_id)s AND read_at IS NULL LIMIT 1000
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
        WHERE user_id = %(user_id)s
          AND CASE WHEN %(id)s::text IS NULL THEN read_at IS NULL ELSE id = %(id)s END
        """,
        user_id=user_id,
        id=notice_id,
        now=uow.now,
    )
