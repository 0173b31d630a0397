"""What those concerned see of decisions, and their one appeal a case."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import Page, decode_cursor, page_of
from souk.kernel.texts import clean_text
from souk.trust.moderation import papers_store, store
from souk.trust.moderation.errors import (
    AppealMade,
    AppealNotPossible,
    AppealNotYours,
    CaseUnknown,
)
from souk.trust.moderation.model import APPEALABLE
from souk.trust.moderation.store import CaseRow
from souk_client.contracts.moderation import AppealRequest, CaseNotice, Decision

TEXT_LIMIT: Final = 2_000


class AppealService:
    """Implements `Appeals`."""

    async def about_mine(
        self, uow: UnitOfWork, actor: Actor, *, cursor: str | None, limit: int
    ) -> Page[CaseNotice]:
        """Decisions about what belongs to the caller's organisations, newest first."""
        actor.require_user()
        key = decode_cursor(cursor, size=1)
        rows = await store.of_organisations(
            uow, list(actor.memberships), before=str(key[0]) if key else None, limit=limit + 1
        )
        page = page_of(rows, limit=limit, key=lambda row: [row.id])
        return Page(items=await self._notices(uow, actor, page.items), next_cursor=page.next_cursor)

    async def notice(self, uow: UnitOfWork, actor: Actor, case_id: str) -> CaseNotice:
        """One of them. Raises NotFound `case_unknown`."""
        actor.require_user()
        row = await store.find(uow, case_id)
        if row is None or row.decided_at is None or not actor.belongs_to(row.organisation_id):
            raise CaseUnknown()
        return (await self._notices(uow, actor, [row]))[0]

    async def appeal(
        self, uow: UnitOfWork, actor: Actor, case_id: str, request: AppealRequest
    ) -> CaseNotice:
        """Asks for another look at a decision; see `Moderation.appeal`."""
        user_id = actor.require_user()
        text = clean_text(request.text, name="appeal", at_least=3, at_most=TEXT_LIMIT)
        notice = await self.notice(uow, actor, case_id)
        row = await store.find(uow, case_id)
        assert row is not None  # the notice was made of it
        if not _speaks_for(actor, row):
            raise AppealNotYours()
        if notice.appeal is not None:
            raise AppealMade()
        if not notice.can_appeal:
            raise AppealNotPossible()
        if not await papers_store.add_appeal(uow, case_id, user_id=user_id, text=text):
            raise AppealMade()
        async with uow.as_system():
            await store.reopen(uow, case_id)
        return await self.notice(uow, actor, case_id)

    async def _notices(
        self, uow: UnitOfWork, actor: Actor, rows: Sequence[CaseRow]
    ) -> list[CaseNotice]:
        ids = [row.id for row in rows]
        decisions: dict[str, list[Decision]] = defaultdict(list)
        for one in await papers_store.decisions_of(uow, ids):
            decisions[one.case_id].append(one.as_told(to_moderator=False))
        appeals = {one.case_id: one.as_told() for one in await papers_store.appeals_of(uow, ids)}
        return [
            CaseNotice(
                id=row.id,
                subject_kind=row.subject_kind,
                subject_id=row.subject_id,
                title=row.title,
                link=row.link,
                state=row.state,
                decisions=decisions[row.id],
                appeal=appeals.get(row.id),
                can_appeal=row.id not in appeals
                and row.state == "decided"
                and bool(decisions[row.id])
                and decisions[row.id][-1].action in APPEALABLE
                and _speaks_for(actor, row),
            )
            for row in rows
        ]


def _speaks_for(actor: Actor, row: CaseRow) -> bool:
    if row.author_id is not None:
        return actor.user_id == row.author_id
    return actor.manages(row.organisation_id)
