"""The SQL of what lies in a case: reports, flags, decisions, the appeal."""

from collections.abc import Collection
from datetime import datetime, timedelta

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.ids import new_id
from souk.trust.moderation.api import Finding
from souk_client.contracts.moderation import (
    Appeal,
    Decision,
    DecisionAction,
    Flag,
    Report,
    ReportDetail,
    ReportReason,
    SubjectKind,
)

_REPORT = "id, subject_kind, subject_id, subject_title, reason, text, created_at, answered_at"


class NewReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report to be written."""

    case_id: str
    subject_kind: SubjectKind
    subject_id: str
    subject_title: str
    reporter_id: str
    reason: ReportReason
    text: str


class DecisionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A decision as it is stored."""

    id: str
    case_id: str
    action: DecisionAction
    reason: str
    on_appeal: bool
    decided_at: datetime
    decided_by: str

    def as_told(self, *, to_moderator: bool = True) -> Decision:
        """As the api gives it; who decided is for moderators alone."""
        return Decision(
            id=self.id,
            action=self.action,
            reason=self.reason,
            on_appeal=self.on_appeal,
            decided_at=self.decided_at,
            decided_by=self.decided_by if to_moderator else None,
        )


class AppealRow(msgspec.Struct, frozen=True, kw_only=True):
    """An appeal as it is stored."""

    case_id: str
    text: str
    created_at: datetime
    answered_at: datetime | None
    accepted: bool | None

    def as_told(self) -> Appeal:
        """As the api gives it."""
        return Appeal(
            text=self.text,
            created_at=self.created_at,
            answered_at=self.answered_at,
            accepted=self.accepted,
        )


async def add_report(uow: UnitOfWork, new: NewReport) -> bool:
    """Writes a report and counts it; False when the person has an open one of the subject."""
    added = await uow.execute(
        """
        INSERT INTO moderation.reports (id, case_id, subject_kind, subject_id, subject_title,
            reporter_id, reason, text, created_at)
        VALUES (%(id)s, %(case_id)s, %(subject_kind)s, %(subject_id)s, %(subject_title)s,
            %(reporter_id)s, %(reason)s, %(text)s, %(now)s)
        ON CONFLICT (reporter_id, subject_kind, subject_id) WHERE answered_at IS NULL DO NOTHING
        """,
        id=new_id("rpt", uow.now),
        now=uow.now,
        **msgspec.structs.asdict(new),
    )
    if added:
        await uow.execute(
            "UPDATE moderation.cases SET reports = reports + 1 WHERE id = %(id)s", id=new.case_id
        )
    return added == 1


async def open_report(
    uow: UnitOfWork, reporter_id: str, *, kind: SubjectKind, subject_id: str
) -> Report | None:
    """A person's report of a subject that nobody answered yet."""
    return await uow.one_or_none(
        Report,
        f"""
        SELECT {_REPORT} FROM moderation.reports
        WHERE reporter_id = %(reporter_id)s AND subject_kind = %(kind)s
          AND subject_id = %(subject_id)s AND answered_at IS NULL
        """,
        reporter_id=reporter_id,
        kind=kind,
        subject_id=subject_id,
    )


async def reported_since(uow: UnitOfWork, reporter_id: str, *, span: timedelta) -> list[datetime]:
    """When a person sent reports within the span, the oldest first."""
    return await uow.values(
        """
        SELECT created_at FROM moderation.reports
        WHERE reporter_id = %(id)s AND created_at > %(since)s ORDER BY created_at
        """,
        id=reporter_id,
        since=uow.now - span,
    )


async def reports_by(
    uow: UnitOfWork, reporter_id: str, *, before: str | None, limit: int
) -> list[Report]:
    """What a person reported, newest first."""
    return await uow.all(
        Report,
        f"""
        SELECT {_REPORT} FROM moderation.reports
        WHERE reporter_id = %(reporter_id)s AND (%(before)s::text IS NULL OR id < %(before)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        reporter_id=reporter_id,
        before=before,
        limit=limit,
    )


async def reports_of(uow: UnitOfWork, case_id: str) -> list[ReportDetail]:
    """The reports in a case, the oldest first; the first hundred."""
    return await uow.all(
        ReportDetail,
        """
        SELECT id, reporter_id, reason, text, created_at FROM moderation.reports
        WHERE case_id = %(id)s ORDER BY id LIMIT 100
        """,
        id=case_id,
    )


async def answer_reports(uow: UnitOfWork, case_id: str) -> list[str]:
    """Marks the open reports of a case answered; gives their reporters."""
    return await uow.values(
        """
        UPDATE moderation.reports SET answered_at = %(now)s
        WHERE case_id = %(id)s AND answered_at IS NULL RETURNING reporter_id
        """,
        id=case_id,
        now=uow.now,
    )


async def flagged_before(
    uow: UnitOfWork, finding: Finding, *, subject_kind: SubjectKind, subject_id: str
) -> bool:
    """Whether this finding, or one that names more than half of its reviews, was brought up."""
    return bool(
        await uow.value(
            """
            SELECT EXISTS (SELECT 1 FROM moderation.flags WHERE fingerprint = %(fingerprint)s)
                OR EXISTS (
                    SELECT 1 FROM moderation.cases c JOIN moderation.flags f ON f.case_id = c.id
                    WHERE c.subject_kind = %(kind)s AND c.subject_id = %(subject_id)s
                      AND f.rule = %(rule)s
                      AND cardinality(%(review_ids)s::text[]) < 2 * (
                          SELECT count(*) FROM unnest(f.review_ids) AS named(id)
                          WHERE named.id = ANY(%(review_ids)s)
                      )
                )
            """,
            fingerprint=finding.fingerprint,
            kind=subject_kind,
            subject_id=subject_id,
            rule=finding.rule,
            review_ids=list(finding.review_ids),
        )
    )


async def add_flag(uow: UnitOfWork, case_id: str, finding: Finding) -> bool:
    """Puts a finding into a case and weighs it; False when it was there before."""
    added = await uow.execute(
        """
        INSERT INTO moderation.flags
            (id, case_id, rule, fingerprint, score, reasons, review_ids, created_at)
        VALUES (%(id)s, %(case_id)s, %(rule)s, %(fingerprint)s, %(score)s, %(reasons)s,
            %(review_ids)s, %(now)s)
        ON CONFLICT (fingerprint) DO NOTHING
        """,
        id=new_id("flg", uow.now),
        case_id=case_id,
        rule=finding.rule,
        fingerprint=finding.fingerprint,
        score=finding.score,
        reasons=list(finding.reasons),
        review_ids=list(finding.review_ids),
        now=uow.now,
    )
    if added:
        await uow.execute(
            """
            UPDATE moderation.cases SET score = greatest(score, %(score)s) WHERE id = %(id)s
            """,
            id=case_id,
            score=finding.score,
        )
    return added == 1


async def flags_of(uow: UnitOfWork, case_id: str) -> list[Flag]:
    """The findings in a case, the strongest first; the first hundred."""
    return await uow.all(
        Flag,
        """
        SELECT id, rule, score, reasons, review_ids, created_at FROM moderation.flags
        WHERE case_id = %(id)s ORDER BY score DESC, id LIMIT 100
        """,
        id=case_id,
    )


async def add_decision(
    uow: UnitOfWork,
    case_id: str,
    *,
    action: DecisionAction,
    reason: str,
    decided_by: str,
    on_appeal: bool,
) -> None:
    """Writes a decision, for good."""
    await uow.execute(
        """
        INSERT INTO moderation.decisions
            (id, case_id, action, reason, decided_by, on_appeal, decided_at)
        VALUES (%(id)s, %(case_id)s, %(action)s, %(reason)s, %(decided_by)s, %(on_appeal)s, %(now)s)
        """,
        id=new_id("dec", uow.now),
        case_id=case_id,
        action=action,
        reason=reason,
        decided_by=decided_by,
        on_appeal=on_appeal,
        now=uow.now,
    )


async def decisions_of(uow: UnitOfWork, case_ids: Collection[str]) -> list[DecisionRow]:
    """The decisions in cases, the oldest first."""
    return await uow.all(
        DecisionRow,
        """
        SELECT id, case_id, action, reason, on_appeal, decided_at, decided_by
        FROM moderation.decisions WHERE case_id = ANY(%(ids)s) ORDER BY id
        """,
        ids=list(case_ids),
    )


async def add_appeal(uow: UnitOfWork, case_id: str, *, user_id: str, text: str) -> bool:
    """Writes the one appeal of a case; False when there is one."""
    added = await uow.execute(
        """
        INSERT INTO moderation.appeals (case_id, user_id, text, created_at)
        VALUES (%(case_id)s, %(user_id)s, %(text)s, %(now)s) ON CONFLICT (case_id) DO NOTHING
        """,
        case_id=case_id,
        user_id=user_id,
        text=text,
        now=uow.now,
    )
    return added == 1


async def answer_appeal(uow: UnitOfWork, case_id: str, *, accepted: bool) -> None:
    """Notes what came of the appeal that waits in a case, if one does."""
    await uow.execute(
        """
        UPDATE moderation.appeals SET answered_at = %(now)s, accepted = %(accepted)s
        WHERE case_id = %(id)s AND answered_at IS NULL
        """,
        id=case_id,
        accepted=accepted,
        now=uow.now,
    )


async def appeals_of(uow: UnitOfWork, case_ids: Collection[str]) -> list[AppealRow]:
    """The appeals in cases."""
    return await uow.all(
        AppealRow,
        """
        SELECT case_id, text, created_at, answered_at, accepted FROM moderation.appeals
        WHERE case_id = ANY(%(ids)s)
        """,
        ids=list(case_ids),
    )
