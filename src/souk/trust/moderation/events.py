"""Facts about moderation."""

from typing import ClassVar

from souk.kernel.events import Event
from souk_client.contracts.moderation import DecisionAction, SubjectKind


class CaseDecided(Event, frozen=True, kw_only=True):
    """A moderator decided a case: those concerned, and those who reported it, are told."""

    topic: ClassVar[str] = "moderation.case_decided"
    case_id: str
    subject_kind: SubjectKind
    subject_id: str
    title: str
    organisation_id: str
    author_id: str | None
    action: DecisionAction
    reason: str
    on_appeal: bool
    reporter_ids: list[str]
    """Those whose reports this decision answers."""
