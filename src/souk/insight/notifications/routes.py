"""HTTP: the caller's notices."""

from litestar import get, post

from souk.infra.http.paging import Limit
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.notifications.service import NoticeService
from souk.kernel.actor import Actor
from souk.kernel.paging import DEFAULT_LIMIT
from souk_client.contracts.base import PageAnswer
from souk_client.contracts.insight import Notice, NoticeCount


@get("/notices", tags=["insight"])
async def list_notices(
    uow: UnitOfWork,
    actor: Actor,
    notices: NoticeService,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageAnswer[Notice]:
    """The caller's notices, newest first."""
    page = await notices.page(uow, actor, cursor=cursor, limit=limit)
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


ROUTES = [list_notices, count_unread, mark_all_read, mark_read]
