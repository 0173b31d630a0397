"""Tells people what moderators decided."""

from collections.abc import Sequence
from typing import Final

from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.notifications.api import Notices
from souk.people.organisations.api import OrganisationsApi
from souk.trust.moderation.events import CaseDecided

_TOLD: Final = {
    "hide": "was taken down",
    "hide_reviews": "had reviews taken down",
    "restore": "is shown again",
    "warn": "was found to break the rules",
    "dismiss": "was looked at again: the decision stands",
}


def decision_handler(*, notices: Notices, organisations: OrganisationsApi) -> Handler:
    """The owner or author hears of a decision, and whoever reported it that it was answered."""

    async def run(uow: UnitOfWork, delivered: Sequence[Delivered[CaseDecided]]) -> None:
        for one in delivered:
            event = one.event
            if event.action != "dismiss" or event.on_appeal:
                await notices.tell(
                    uow,
                    user_ids=await _concerned(uow, event, organisations),
                    kind="moderation.decided",
                    title=f"Your {event.subject_kind} “{event.title}” {_TOLD[event.action]}",
                    body=event.reason,
                    link=f"/moderation/cases/{event.case_id}",
                    event_id=one.id,
                )
            await notices.tell(
                uow,
                user_ids=event.reporter_ids,
                kind="moderation.answered",
                title=f"Your report about “{event.title}” was looked at",
                body="Nothing was found to act on."
                if event.action == "dismiss"
                else "The moderators acted on it.",
                link="/account/reports",
                event_id=one.id,
            )

    return Handler(name="moderation.tell", events=(CaseDecided,), run=run, batch=20)


async def _concerned(
    uow: UnitOfWork, event: CaseDecided, organisations: OrganisationsApi
) -> list[str]:
    if event.author_id is not None:
        return [event.author_id]
    members = await organisations.members_of(uow, [event.organisation_id])
    return [member.user_id for member in members.get(event.organisation_id, ())]
