"""The rules of moderation: what may be decided when, and by whom. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from souk.kernel.errors import Conflict
from souk.trust.moderation.api import Subject
from souk_client.contracts.moderation import CaseState, DecisionAction

APPEALABLE: Final = frozenset({"hide", "hide_reviews", "warn"})
"""A decision against somebody."""
EXCERPT_LIMIT: Final = 500


def excerpt_of(text: str) -> str:
    """The beginning of a text, for the queue."""
    return text if len(text) <= EXCERPT_LIMIT else f"{text[: EXCERPT_LIMIT - 1]}…"


def check_claim(
    *,
    claimed_by: str | None,
    claimed_at: datetime | None,
    user_id: str,
    now: datetime,
    kept_for: timedelta,
) -> None:
    """A case that somebody else took not long ago is theirs.

    Raises:
        Conflict: `case_claimed`.
    """
    if claimed_by in (None, user_id) or claimed_at is None or now - claimed_at >= kept_for:
        return
    raise Conflict(
        "case_claimed", "Another moderator works on this case; wait until they are done with it."
    )


def check_decision(
    action: DecisionAction, *, state: CaseState, subject: Subject | None, flagged: Sequence[str]
) -> None:
    """Whether this can be decided now. A decided case takes another decision only to undo it.

    Raises:
        Conflict: `case_decided`, `hide_not_possible`, `no_flagged_reviews`.
    """
    if state == "decided" and action != "restore":
        raise Conflict(
            "case_decided", "This case is decided; it comes back with an appeal or a new report."
        )
    if action == "hide" and (subject is None or not subject.can_hide):
        raise Conflict("hide_not_possible", "This cannot be hidden; warn its owner instead.")
    if action == "hide_reviews" and not flagged:
        raise Conflict("no_flagged_reviews", "No flag of this case names reviews.")
