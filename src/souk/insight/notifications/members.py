"""Tells every member of an organisation what happened to something of theirs."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.notifications.api import Notices
from souk.kernel.events import Event
from souk.people.organisations.api import OrganisationsApi

E = TypeVar("E", bound=Event)


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What the members of an organisation are told."""

    organisation_id: str
    title: str
    body: str
    link: str


def member_notices(
    heard: type[E],
    message_of: Callable[[E], Message],
    *,
    name: str,
    kind: str,
    organisations: OrganisationsApi,
    notices: Notices,
) -> Handler:
    """A notice for every member, of every such event.

    Args:
        name: the handler's, in the outbox.
        kind: the notice's: dotted words, of which the first belongs to a topic.
    """

    async def run(uow: UnitOfWork, delivered: Sequence[Delivered[E]]) -> None:
        told = [(one.id, message_of(one.event)) for one in delivered]
        members = await organisations.members_of(
            uow, sorted({message.organisation_id for _, message in told})
        )
        for event_id, message in told:
            await notices.tell(
                uow,
                user_ids=[member.user_id for member in members.get(message.organisation_id, ())],
                kind=kind,
                title=message.title,
                body=message.body,
                link=message.link,
                event_id=event_id,
            )

    return Handler(name=name, events=(heard,), run=run, batch=50)
