"""Tells sellers what came of an evaluation that was run on a work of theirs."""

from souk.compute.evaluation.events import EvaluationFinished
from souk.infra.outbox.handlers import Handler
from souk.insight.notifications.api import Notices
from souk.insight.notifications.members import Message, member_notices
from souk.people.organisations.api import OrganisationsApi

KIND = "evaluation.finished"


def evaluation_notices(*, organisations: OrganisationsApi, notices: Notices) -> Handler:
    """A notice for every member of the selling organisation."""
    return member_notices(
        EvaluationFinished,
        _message,
        name="insight.evaluations",
        kind=KIND,
        organisations=organisations,
        notices=notices,
    )


def _message(event: EvaluationFinished) -> Message:
    return Message(
        organisation_id=event.organisation_id,
        title=title_of(event),
        body=body_of(event),
        link=f"/{event.address}#metrics",
    )


def title_of(event: EvaluationFinished) -> str:
    """What came out, in one line."""
    if event.problem:
        return f"{event.title} could not be verified"
    if event.differing:
        return f"{event.title}: not every metric came out as claimed"
    return f"{event.title} is verified"


def body_of(event: EvaluationFinished) -> str:
    """What came out of each metric."""
    if event.problem:
        return f"The run ended without a figure: {event.problem}."
    parts = []
    if event.verified:
        parts.append(f"As claimed: {', '.join(event.verified)}.")
    if event.differing:
        parts.append(f"Different: {', '.join(event.differing)}.")
    return " ".join(parts)
