"""Moderation: reports, the queue, decisions and appeals."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from souk_client.contracts.base import Answer, Id, Request

SubjectKind = Literal["listing", "review", "collection", "organisation"]
ReportReason = Literal[
    "spam",
    "fake",
    "offensive",
    "misleading",
    "copyright",
    "malware",
    "privacy",
    "illegal",
    "other",
]
CaseState = Literal["open", "decided", "appealed"]
DecisionAction = Literal["dismiss", "hide", "hide_reviews", "restore", "warn"]


class ReportRequest(Request, frozen=True, kw_only=True):
    """Brings something before the moderators."""

    subject_kind: SubjectKind
    subject_id: Id
    reason: ReportReason
    text: Annotated[str, Meta(max_length=2_000)] = ""
    """What is wrong, in plain text."""


class Report(Answer, frozen=True, kw_only=True):
    """What the caller reported, and what came of it."""

    id: str
    subject_kind: SubjectKind
    subject_id: str
    subject_title: str
    reason: ReportReason
    text: str
    created_at: datetime
    answered_at: datetime | None = None
    """When a moderator decided."""


class Flag(Answer, frozen=True, kw_only=True):
    """A suspicion that a rule raised, with what it stands on."""

    id: str
    rule: str
    score: float
    """From 0 to 1: how far the facts go beyond what honest traffic shows."""
    reasons: list[str]
    review_ids: list[str]
    created_at: datetime


class Decision(Answer, frozen=True, kw_only=True):
    """What a moderator decided, for good: a change of mind is another decision."""

    id: str
    action: DecisionAction
    reason: str
    on_appeal: bool
    decided_at: datetime
    decided_by: str | None = None
    """The moderator's user id; only moderators see it."""


class Appeal(Answer, frozen=True, kw_only=True):
    """What those concerned say to a decision; once a case."""

    text: str
    created_at: datetime
    answered_at: datetime | None = None
    accepted: bool | None = None


class Case(Answer, frozen=True, kw_only=True):
    """One thing before the moderators."""

    id: str
    subject_kind: SubjectKind
    subject_id: str
    title: str
    link: str
    excerpt: str
    """Its words when the case was opened."""
    organisation_id: str
    """Whose it is."""
    state: CaseState
    reports: int
    score: float
    """The highest of its flags; 0 without one."""
    opened_at: datetime
    claimed_by: str | None = None
    claimed_at: datetime | None = None
    decided_at: datetime | None = None


class ReportDetail(Answer, frozen=True, kw_only=True):
    """A report as moderators see it."""

    id: str
    reporter_id: str
    reason: ReportReason
    text: str
    created_at: datetime


class CaseDetail(Answer, frozen=True, kw_only=True):
    """A case with everything that was said about it."""

    case: Case
    hidden: bool
    """Whether the subject is hidden now."""
    can_hide: bool
    reports: list[ReportDetail]
    flags: list[Flag]
    decisions: list[Decision]
    appeal: Appeal | None = None


class CaseNotice(Answer, frozen=True, kw_only=True):
    """A case about something of the caller's, once it is decided."""

    id: str
    subject_kind: SubjectKind
    subject_id: str
    title: str
    link: str
    state: CaseState
    decisions: list[Decision]
    appeal: Appeal | None = None
    can_appeal: bool = False


class DecisionRequest(Request, frozen=True, kw_only=True):
    """A moderator's decision: those concerned read the reason."""

    action: DecisionAction
    reason: Annotated[str, Meta(min_length=3, max_length=1_000)]


class AppealRequest(Request, frozen=True, kw_only=True):
    """What a moderator should look at again, and why."""

    text: Annotated[str, Meta(min_length=3, max_length=2_000)]
