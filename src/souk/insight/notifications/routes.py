"""HTTP: the caller's notices."""

from litestar import get, post, put

from souk.infra.http.paging import Limit
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.notifications.service import NoticeService
from souk.kernel.actor import Actor
from souk.kernel.paging import DEFAULT_LIMIT
from souk_client.contracts.base import PageAnswer
from souk_client.contracts.insight import (
    Notice,
    NoticeChoices,
    NoticeCount,
    NoticePreferences,
)


@get("/notices", tags=["insight"])
async def list_notices(
    uow: UnitOfWork,
    actor: Actor,
    notices: NoticeService,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
    unread_only: bool = False,
) -> PageAnswer[Notice]:
    """The caller's notices, newest first; only those not read yet with `unread_only`."""
    page = await notices.page(uow, actor, cursor=cursor, limit=limit, unread_only=unread_only)
    return PageAnswer(items=page.items, next_cursor=page.next_cursor)


@get("/notices/unread", tags=["insight"])
async def count_unread(uow: UnitOfWork, actor: Actor, notices: NoticeService) -> NoticeCount:
    """How many the caller has not read."""
    return NoticeCount(unread=await notices.unread(uow, actor))


@post("/notices/read", tags=["insight"], status_code=200)
async def mark_all_read(uow: UnitOfWork, actor: Actor, notices: NoticeService) -> NoticeCount:
    """Marks every notice of the caller read."""
    return NoticeCount(unread=await notices.mark_read(uow, actor, None))


@post("/notices/{notice_id:str}/read", tags=["insight"], status_code=200)
async def mark_read(
    notice_id: str, uow: UnitOfWork, actor: Actor, notices: NoticeService
) -> NoticeCount:
    """Marks one notice read; harmless when it is already."""
    return NoticeCount(unread=await notices.mark_read(uow, actor, notice_id))


@get("/notices/preferences", tags=["insight"])
async def show_preferences(
    uow: UnitOfWork, actor: Actor, notices: NoticeService
) -> NoticePreferences:
    """How the caller's notices reach them: in the app, by e-mail, by topic."""
    return NoticePreferences(topics=await notices.preferences(uow, actor))


@put("/notices/preferences", tags=["insight"])
async def choose_preferences(
    data: NoticeChoices, uow: UnitOfWork, actor: Actor, notices: NoticeService
) -> NoticePreferences:
    """Keeps choices by topic; topics that are left out stay as they are."""
    return NoticePreferences(topics=await notices.choose(uow, actor, data.topics))


ROUTES = [
    list_notices,
    count_unread,
    mark_all_read,
    mark_read,
    show_preferences,
    choose_preferences,
]
