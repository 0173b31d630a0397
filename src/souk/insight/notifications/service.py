"""Use cases of notices."""

from souk.infra.postgres.uow import UnitOfWork
from souk.insight.notifications import store
from souk.kernel.actor import Actor
from souk.kernel.errors import NotFound
from souk.kernel.paging import Page, decode_cursor, page_of
from souk_client.contracts.insight import Notice


class NoticeService:
    """Implements `Notices`."""

    async def page(
        self, uow: UnitOfWork, actor: Actor, *, cursor: str | None, limit: int
    ) -> Page[Notice]:
        """The caller's notices, newest first."""
        user_id = actor.require_user()
        key = decode_cursor(cursor, size=1)
        before = str(key[0]) if key else None
        rows = await store.page(uow, user_id, before=before, limit=limit + 1)
        return page_of(rows, limit=limit, key=lambda notice: [notice.id])

    async def unread(self, uow: UnitOfWork, actor: Actor) -> int:
        """How many the caller has not read."""
        return await store.unread(uow, actor.require_user())

    async def mark_read(self, uow: UnitOfWork, actor: Actor, notice_id: str | None) -> int:
        """Marks one (or all) of the caller's notices read; answers how many are left unread.

        Raises:
            NotFound: `notice_unknown`.
        """
        user_id = actor.require_user()
        marked = await store.mark_read(uow, user_id, notice_id=notice_id)
        if notice_id is not None and not marked:
            raise NotFound("notice_unknown", "There is no such notice for you.")
        return await store.unread(uow, user_id)
