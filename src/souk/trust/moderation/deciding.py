"""What a decision does, and how it is put on record."""

from collections.abc import Mapping, Sequence

from souk.infra.postgres.uow import UnitOfWork
from souk.trust.moderation import papers_store, store
from souk.trust.moderation.api import Moderated, Subject
from souk.trust.moderation.events import CaseDecided
from souk.trust.moderation.store import CaseRow
from souk_client.contracts.moderation import DecisionAction, SubjectKind


class Deciding:
    """Carries decisions out, in the system's scope."""

    def __init__(self, *, kinds: Mapping[SubjectKind, Moderated]) -> None:
        self._kinds = kinds

    async def _subject_of(self, uow: UnitOfWork, row: CaseRow) -> Subject | None:
        return await self._kinds[row.subject_kind].subject(uow, row.subject_id)

    async def _flagged_reviews(self, uow: UnitOfWork, row: CaseRow) -> list[str]:
        flags = await papers_store.flags_of(uow, row.id)
        return sorted({review_id for flag in flags for review_id in flag.review_ids})

    async def _act(
        self,
        uow: UnitOfWork,
        row: CaseRow,
        action: DecisionAction,
        *,
        reason: str,
        flagged: Sequence[str],
        user_id: str,
    ) -> None:
        moderated = self._kinds[row.subject_kind]
        if action == "hide":
            await moderated.hide(uow, row.subject_id, reason=reason)
        elif action == "hide_reviews":
            for review_id in flagged:
                await self._hide_review(uow, row, review_id, reason=reason, user_id=user_id)
        elif action == "restore":
            if await self._subject_of(uow, row) is not None:
                await moderated.restore(uow, row.subject_id)
            await self._restore_reviews(uow, row, reason=reason, user_id=user_id)

    async def _hide_review(
        self, uow: UnitOfWork, parent: CaseRow, review_id: str, *, reason: str, user_id: str
    ) -> None:
        """Hides a review that a flag names: in a case of its own, so that its author can appeal."""
        reviews = self._kinds["review"]
        subject = await reviews.subject(uow, review_id)
        if subject is None or subject.hidden:
            return
        await reviews.hide(uow, review_id, reason=reason)
        case = await store.open_case(uow, subject)
        await store.join(uow, case.id, parent_id=parent.id)
        await self._record(uow, case, "hide", reason=reason, user_id=user_id)

    async def _restore_reviews(
        self, uow: UnitOfWork, parent: CaseRow, *, reason: str, user_id: str
    ) -> None:
        """Undoes what `hide_reviews` of this case did; what another case hides stays hidden."""
        reviews = self._kinds["review"]
        for case in await store.hiding_children(uow, parent.id):
            gone = await reviews.subject(uow, case.subject_id) is None
            if not gone and not await store.hidden_by_another(uow, case):
                await reviews.restore(uow, case.subject_id)
            await self._record(uow, case, "restore", reason=reason, user_id=user_id)

    async def _record(
        self, uow: UnitOfWork, row: CaseRow, action: DecisionAction, *, reason: str, user_id: str
    ) -> None:
        on_appeal = row.state == "appealed"
        await papers_store.add_decision(
            uow,
            row.id,
            action=action,
            reason=reason,
            decided_by=user_id,
            on_appeal=on_appeal,
        )
        if on_appeal:
            await papers_store.answer_appeal(uow, row.id, accepted=action == "restore")
        await store.settle(uow, row.id)
        reporters = await papers_store.answer_reports(uow, row.id)
        uow.publish(
            CaseDecided(
                case_id=row.id,
                subject_kind=row.subject_kind,
                subject_id=row.subject_id,
                title=row.title,
                organisation_id=row.organisation_id,
                author_id=row.author_id,
                action=action,
                reason=reason,
                on_appeal=on_appeal,
                reporter_ids=sorted(set(reporters)),
            )
        )
