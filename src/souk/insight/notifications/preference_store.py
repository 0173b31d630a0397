"""The SQL of preferences."""

from collections.abc import Mapping, Sequence

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.insight.notifications.model import Ways
from souk.kernel.ids import UserId


class _Row(msgspec.Struct, frozen=True):
    user_id: str
    topic: str
    in_app: bool
    email: bool


async def of_users(uow: UnitOfWork, user_ids: Sequence[str]) -> dict[str, dict[str, Ways]]:
    """What each user has chosen, by topic; users without a choice are left out."""
    rows = await uow.all(
        _Row,
        """
        SELECT user_id, topic, in_app, email FROM insight.notice_preferences
        WHERE user_id = ANY(%(user_ids)s)
        """,
        user_ids=list(user_ids),
    )
    chosen: dict[str, dict[str, Ways]] = {}
    for row in rows:
        ways = Ways(in_app=row.in_app, email=row.email)
        chosen.setdefault(row.user_id, {})[row.topic] = ways
    return chosen


async def put(uow: UnitOfWork, user_id: UserId, chosen: Mapping[str, Ways]) -> None:
    """Keeps a user's choice of each of these topics."""
    await uow.execute(
        """
        INSERT INTO insight.notice_preferences (user_id, topic, in_app, email, changed_at)
        SELECT %(user_id)s, c.topic, c.in_app, c.email, %(now)s
        FROM unnest(%(topics)s::text[], %(in_app)s::boolean[], %(email)s::boolean[])
            AS c(topic, in_app, email)
        ON CONFLICT (user_id, topic) DO UPDATE
        SET in_app = excluded.in_app, email = excluded.email, changed_at = excluded.changed_at
        """,
        user_id=user_id,
        topics=list(chosen),
        in_app=[ways.in_app for ways in chosen.values()],
        email=[ways.email for ways in chosen.values()],
        now=uow.now,
    )
