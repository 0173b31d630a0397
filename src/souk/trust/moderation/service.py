"""Use cases of moderation: reports and flags come in, cases are worked on and decided."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict
from souk.kernel.paging import Page, decode_cursor, page_of
from souk.kernel.texts import clean_text
from souk.trust.moderation import papers_store, store
from souk.trust.moderation.api import Finding, Moderated, Subject
from souk.trust.moderation.deciding import Deciding
from souk.trust.moderation.errors import (
    CaseUnknown,
    OwnReported,
    SubjectUnknown,
    TooManyReports,
)
from souk.trust.moderation.model import check_claim, check_decision
from souk.trust.moderation.settings import ModerationSettings
from souk.trust.moderation.store import CaseRow
from souk_client.contracts.moderation import (
    Case,
    CaseDetail,
    CaseState,
    DecisionRequest,
    Report,
    ReportReason,
    SubjectKind,
)

PERMISSION: Final = "marketplace:moderate"
DAY: Final = timedelta(days=1)
REASON_LIMIT: Final = 1_000
TEXT_LIMIT: Final = 2_000


class ModerationService(Deciding):
    """Implements `Moderation`."""

    def __init__(
        self, *, kinds: Mapping[SubjectKind, Moderated], settings: ModerationSettings
    ) -> None:
        super().__init__(kinds=kinds)
        self._settings = settings

    async def subject(self, uow: UnitOfWork, kind: SubjectKind, subject_id: str) -> Subject:
        """What would be reported, as the caller may see it."""
        moderated = self._kinds.get(kind)
        found = None if moderated is None else await moderated.subject(uow, subject_id)
        if found is None:
            raise SubjectUnknown()
        return found

    async def report(
        self,
        uow: UnitOfWork,
        actor: Actor,
        *,
        subject_kind: SubjectKind,
        subject_id: str,
        reason: ReportReason,
        text: str,
    ) -> Report:
        """Brings something before the moderators; see `Moderation.report`."""
        user_id = actor.require_user()
        words = clean_text(text, name="text", at_most=TEXT_LIMIT)
        subject = await self.subject(uow, subject_kind, subject_id)
        if actor.belongs_to(subject.organisation_id):
            raise OwnReported()
        before = await papers_store.open_report(
            uow, user_id, kind=subject_kind, subject_id=subject_id
        )
        if before is not None:
            return before
        await self._check_pace(uow, user_id)
        async with uow.as_system():
            case = await store.open_case(uow, subject)
            await papers_store.add_report(
                uow,
                papers_store.NewReport(
                    case_id=case.id,
                    subject_kind=subject_kind,
                    subject_id=subject_id,
                    subject_title=subject.title,
                    reporter_id=user_id,
                    reason=reason,
                    text=words,
                ),
            )
        made = await papers_store.open_report(
            uow, user_id, kind=subject_kind, subject_id=subject_id
        )
        assert made is not None  # this transaction holds the case, so nobody answered it
        return made

    async def reports(
        self, uow: UnitOfWork, actor: Actor, *, cursor: str | None, limit: int
    ) -> Page[Report]:
        """What the caller reported, newest first."""
        user_id = actor.require_user()
        key = decode_cursor(cursor, size=1)
        rows = await papers_store.reports_by(
            uow, user_id, before=str(key[0]) if key else None, limit=limit + 1
        )
        return page_of(rows, limit=limit, key=lambda report: [report.id])

    async def flag(
        self, uow: UnitOfWork, *, subject_kind: SubjectKind, subject_id: str, finding: Finding
    ) -> bool:
        """Brings a suspicion into the queue; see `Moderation.flag`."""
        if await papers_store.flagged_before(
            uow, finding, subject_kind=subject_kind, subject_id=subject_id
        ):
            return False
        moderated = self._kinds.get(subject_kind)
        subject = None if moderated is None else await moderated.subject(uow, subject_id)
        if subject is None:
            return False
        case = await store.open_case(uow, subject)
        return await papers_store.add_flag(uow, case.id, finding)

    async def cases(
        self,
        uow: UnitOfWork,
        actor: Actor,
        *,
        state: CaseState,
        kind: SubjectKind | None,
        cursor: str | None,
        limit: int,
    ) -> Page[Case]:
        """The queue, the most pressing first; see `Moderation.cases`."""
        actor.require(PERMISSION)
        key = decode_cursor(cursor, size=2)
        after = None
        if key is not None and isinstance(key[0], int) and 0 <= key[0] < 2**31:
            after = (key[0], str(key[1]))
        rows = await store.queue(uow, state=state, kind=kind, after=after, limit=limit + 1)
        page = page_of(rows, limit=limit, key=lambda row: [row.priority, row.id])
        return page.map(CaseRow.to_case)

    async def waiting(self, uow: UnitOfWork, actor: Actor) -> int:
        """How many cases wait for a moderator."""
        actor.require(PERMISSION)
        return await store.waiting(uow)

    async def case(self, uow: UnitOfWork, actor: Actor, case_id: str) -> CaseDetail:
        """One case with everything in it."""
        actor.require(PERMISSION)
        return await self._detail(uow, await self._found(uow, case_id))

    async def claim(self, uow: UnitOfWork, actor: Actor, case_id: str) -> CaseDetail:
        """Takes a case; see `Moderation.claim`."""
        user_id = actor.require(PERMISSION)
        row = await self._found(uow, case_id, lock=True)
        if row.state == "decided":
            raise Conflict("case_decided", "This case is decided already.")
        self._check_claim(uow, row, user_id)
        await store.claim(uow, row.id, user_id=user_id)
        return await self.case(uow, actor, case_id)

    async def release(self, uow: UnitOfWork, actor: Actor, case_id: str) -> CaseDetail:
        """Gives a case back to the queue; see `Moderation.release`."""
        user_id = actor.require(PERMISSION)
        row = await self._found(uow, case_id, lock=True)
        self._check_claim(uow, row, user_id)
        await store.claim(uow, row.id, user_id=None)
        return await self.case(uow, actor, case_id)

    async def decide(
        self, uow: UnitOfWork, actor: Actor, case_id: str, request: DecisionRequest
    ) -> CaseDetail:
        """Decides; see `Moderation.decide`."""
        user_id = actor.require(PERMISSION)
        reason = clean_text(request.reason, name="reason", at_least=3, at_most=REASON_LIMIT)
        row = await self._found(uow, case_id, lock=True)
        self._check_claim(uow, row, user_id)
        subject = await self._subject_of(uow, row)
        flagged = await self._flagged_reviews(uow, row)
        check_decision(request.action, state=row.state, subject=subject, flagged=flagged)
        await self._act(uow, row, request.action, reason=reason, flagged=flagged, user_id=user_id)
        await self._record(uow, row, request.action, reason=reason, user_id=user_id)
        return await self.case(uow, actor, case_id)

    async def _detail(self, uow: UnitOfWork, row: CaseRow) -> CaseDetail:
        subject = await self._subject_of(uow, row)
        appeals = await papers_store.appeals_of(uow, [row.id])
        return CaseDetail(
            case=row.to_case(),
            hidden=subject is not None and subject.hidden,
            can_hide=subject is not None and subject.can_hide,
            reports=await papers_store.reports_of(uow, row.id),
            flags=await papers_store.flags_of(uow, row.id),
            decisions=[one.as_told() for one in await papers_store.decisions_of(uow, [row.id])],
            appeal=appeals[0].as_told() if appeals else None,
        )

    async def _found(self, uow: UnitOfWork, case_id: str, *, lock: bool = False) -> CaseRow:
        row = await store.find(uow, case_id, lock=lock)
        if row is None:
            raise CaseUnknown()
        return row

    def _check_claim(self, uow: UnitOfWork, row: CaseRow, user_id: str) -> None:
        check_claim(
            claimed_by=row.claimed_by,
            claimed_at=row.claimed_at,
            user_id=user_id,
            now=uow.now,
            kept_for=timedelta(minutes=self._settings.claim_minutes),
        )

    async def _check_pace(self, uow: UnitOfWork, user_id: str) -> None:
        limit = self._settings.reports_per_day
        sent = await papers_store.reported_since(uow, user_id, span=DAY)
        if len(sent) >= limit:
            free_at = sent[-limit] + DAY
            raise TooManyReports(limit, max(1, round((free_at - uow.now).total_seconds())))
