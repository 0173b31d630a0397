"""Use cases of notices."""

from collections.abc import Sequence

from souk.infra.live import api as live
from souk.infra.live.api import Live
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.notifications import preference_store, store
from souk.insight.notifications.model import BY_NAME, TOPICS, Ways, ways_of
from souk.insight.notifications.telling import Telling
from souk.kernel.actor import Actor
from souk.kernel.errors import Invalid, NotFound
from souk.kernel.paging import Page, decode_cursor, page_of
from souk_client.contracts.insight import Notice, NoticeChoice, NoticePreference


class NoticeService:
    """Implements `Notices`."""

    def __init__(self, telling: Telling, live: Live) -> None:
        self._live = live
        self.tell = telling.tell

    async def page(
        self,
        uow: UnitOfWork,
        actor: Actor,
        *,
        cursor: str | None,
        limit: int,
        unread_only: bool = False,
    ) -> Page[Notice]:
        user_id = actor.require_user()
        key = decode_cursor(cursor, size=1)
        before = str(key[0]) if key else None
        rows = await store.page(
            uow, user_id, before=before, unread_only=unread_only, limit=limit + 1
        )
        return page_of(rows, limit=limit, key=lambda notice: [notice.id])

    async def unread(self, uow: UnitOfWork, actor: Actor) -> int:
        return await store.unread(uow, actor.require_user())

    async def mark_read(self, uow: UnitOfWork, actor: Actor, notice_id: str | None) -> int:
        user_id = actor.require_user()
        marked = await store.mark_read(uow, user_id, notice_id=notice_id)
        if notice_id is not None and not marked:
            raise _unknown()
        if marked:
            await self._live.publish(uow, live.user(user_id), "notices.read", {})
        return await store.unread(uow, user_id)

    async def open(self, uow: UnitOfWork, actor: Actor, notice_id: str) -> Notice:
        await self.mark_read(uow, actor, notice_id)
        notice = await store.get(uow, actor.require_user(), notice_id)
        if notice is None:
            raise _unknown()
        return notice

    async def preferences(self, uow: UnitOfWork, actor: Actor) -> list[NoticePreference]:
        user_id = actor.require_user()
        chosen = (await preference_store.of_users(uow, [user_id])).get(user_id, {})
        return [
            NoticePreference(
                topic=topic.name,
                title=topic.title,
                text=topic.text,
                in_app=(ways := ways_of(topic, chosen)).in_app,
                email=ways.email,
            )
            for topic in TOPICS
        ]

    async def choose(
        self, uow: UnitOfWork, actor: Actor, choices: Sequence[NoticeChoice]
    ) -> list[NoticePreference]:
        user_id = actor.require_user()
        for choice in choices:
            if choice.topic not in BY_NAME:
                known = ", ".join(BY_NAME)
                raise Invalid(
                    "notice_topic_unknown", f"There is no topic {choice.topic!r}, only {known}."
                )
        chosen = {c.topic: Ways(in_app=c.in_app, email=c.email) for c in choices}
        await preference_store.put(uow, user_id, chosen)
        return await self.preferences(uow, actor)


def _unknown() -> NotFound:
    return NotFound("notice_unknown", "There is no such notice for you.")
