"""What other contexts may ask of moderation, and what moderation asks of what it acts on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import Page
from souk_client.contracts.moderation import (
    AppealRequest,
    Case,
    CaseDetail,
    CaseNotice,
    CaseState,
    DecisionRequest,
    Report,
    ReportReason,
    SubjectKind,
)

__all__ = ["Appeals", "Finding", "Moderated", "Moderation", "Record", "Subject"]


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """Something that can come before the moderators."""

    kind: SubjectKind
    id: str
    title: str
    excerpt: str
    """The words that matter, cut to what fits on a page."""
    link: str
    """Its page."""
    organisation_id: str
    """Whose it is."""
    author_id: str | None = None
    """Who wrote it; None when all managers of the organisation answer for it."""
    hidden: bool = False
    can_hide: bool = True


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule found suspicious."""

    rule: str
    fingerprint: str
    """The same finding has the same one, and is brought up once."""
    score: float
    """From 0 to 1."""
    reasons: Sequence[str]
    review_ids: Sequence[str]


class Moderated(Protocol):
    """Owned by moderation, fulfilled by wiring: one kind of thing that moderators act on."""

    async def subject(self, uow: UnitOfWork, subject_id: str) -> Subject | None:
        """The thing as this scope may see it; None when it may not, or there is none."""
        ...

    async def hide(self, uow: UnitOfWork, subject_id: str, *, reason: str) -> None:
        """Takes it from sight (system scope). Harmless to repeat."""
        ...

    async def restore(self, uow: UnitOfWork, subject_id: str) -> None:
        """Undoes `hide` (system scope). Harmless to repeat."""
        ...


class Moderation(Protocol):
    """Reports by anyone signed in, and what moderators make of them."""

    async def subject(self, uow: UnitOfWork, kind: SubjectKind, subject_id: str) -> Subject:
        """What would be reported. Raises NotFound `subject_unknown`."""
        ...

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
        """Brings something before the moderators; a second open report is the first one again.

        Raises:
            Unauthenticated: `sign_in_needed`. NotFound: `subject_unknown`.
            Conflict: `report_own`. Invalid: `text_invalid`. TooMany: `reports_too_many`.
        """
        ...

    async def reports(
        self, uow: UnitOfWork, actor: Actor, *, cursor: str | None, limit: int
    ) -> Page[Report]:
        """What the caller reported, newest first."""
        ...

    async def flag(
        self, uow: UnitOfWork, *, subject_kind: SubjectKind, subject_id: str, finding: Finding
    ) -> bool:
        """Brings a suspicion into the queue (system scope); False when it was there before, or one
        of the same rule that names more than half of its reviews."""
        ...

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
        """Moderators: the queue, the most pressing first. Raises Forbidden."""
        ...

    async def waiting(self, uow: UnitOfWork, actor: Actor) -> int:
        """Moderators: how many cases wait. Raises Forbidden."""
        ...

    async def case(self, uow: UnitOfWork, actor: Actor, case_id: str) -> CaseDetail:
        """Moderators: one case. Raises Forbidden, NotFound `case_unknown`."""
        ...

    async def claim(self, uow: UnitOfWork, actor: Actor, case_id: str) -> CaseDetail:
        """Moderators: takes a case. Raises as `case`, Conflict `case_claimed`, `case_decided`."""
        ...

    async def release(self, uow: UnitOfWork, actor: Actor, case_id: str) -> CaseDetail:
        """Moderators: gives a case of theirs back; harmless to repeat. Raises as `case`."""
        ...

    async def decide(
        self, uow: UnitOfWork, actor: Actor, case_id: str, request: DecisionRequest
    ) -> CaseDetail:
        """Moderators: decides.

        Raises:
            Forbidden: `permission_missing`. NotFound: `case_unknown`. Invalid: `text_invalid`.
            Conflict: `case_claimed` by somebody else, `case_decided`, `hide_not_possible`,
                `no_flagged_reviews`.
        """
        ...


class Record(Protocol):
    """What moderators decided about somebody's things."""

    async def decisions_against(
        self, uow: UnitOfWork, organisation_id: str, *, since: datetime
    ) -> int:
        """How many of an organisation's things were hidden or warned about since then, and were
        not cleared afterwards."""
        ...


class Appeals(Protocol):
    """For those whose things were decided about."""

    async def about_mine(
        self, uow: UnitOfWork, actor: Actor, *, cursor: str | None, limit: int
    ) -> Page[CaseNotice]:
        """Decisions about what belongs to the caller's organisations, newest first."""
        ...

    async def notice(self, uow: UnitOfWork, actor: Actor, case_id: str) -> CaseNotice:
        """One of them. Raises NotFound `case_unknown`."""
        ...

    async def appeal(
        self, uow: UnitOfWork, actor: Actor, case_id: str, request: AppealRequest
    ) -> CaseNotice:
        """Asks for another look at a decision.

        Raises:
            NotFound: `case_unknown`. Forbidden: `appeal_not_yours`. Invalid: `text_invalid`.
            Conflict: `appeal_made`, `appeal_not_possible`.
        """
        ...
