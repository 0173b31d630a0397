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


async def insert(
    uow: UnitOfWork, message: Message, *, event_id: str, user_ids: Sequence[UserId]
) -> None:
    """A notice for each of these users; at most one an event, user and kind."""
    await uow.execute(
        """
        INSERT INTO insight.notices (id, user_id, event_id, kind, title, body, link, created_at)
        SELECT n.id, n.user_id, %(event_id)s, %(kind)s, %(title)s, %(body)s, %(link)s, %(now)s
        FROM unnest(%(ids)s::text[], %(user_ids)s::text[]) AS n(id, user_id)
        ON CONFLICT DO NOTHING
        """,
        event_id=event_id,
        ids=[new_id("ntc", uow.now) for _ in user_ids],
        user_ids=list(user_ids),
        now=uow.now,
        **msgspec.structs.asdict(message),
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


async def mark_read(uow: UnitOfWork, user_id: UserId, *, notice_id: str | None) -> None:
    await uow.execute(
        """
        UPDATE insight.notices SET read_at = %(now)s
        WHERE user_id = %(user_id)s AND read_at IS NULL
          AND (%(id)s::text IS NULL OR id = %(id)s)
        """,
        user_id=user_id,
        id=notice_id,
        now=uow.now,
    )
