"""Tells sellers what came of an evaluation that was run on a work of theirs."""

from collections.abc import Sequence

from souk.compute.evaluation.events import EvaluationFinished
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.notifications.api import Notices
from souk.people.organisations.api import OrganisationsApi

KIND = "evaluation.finished"


def evaluation_notices(*, organisations: OrganisationsApi, notices: Notices) -> Handler:
    """A notice for every member of the selling organisation."""

    async def run(uow: UnitOfWork, delivered: Sequence[Delivered[EvaluationFinished]]) -> None:
        members = await organisations.members_of(
            uow, sorted({one.event.organisation_id for one in delivered})
        )
        for one in delivered:
            event = one.event
            await notices.tell(
                uow,
                user_ids=[member.user_id for member in members.get(event.organisation_id, ())],
                kind=KIND,
                title=title_of(event),
                body=body_of(event),
                link=f"/{event.address}#metrics",
                event_id=one.id,
            )

    return Handler(name="insight.evaluations", events=(EvaluationFinished,), run=run, batch=50)


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
