"""Turns facts into notices and mail."""

from collections.abc import Sequence
from typing import Any

from souk.commerce.orders.events import OrderPaid, OrderRefunded
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.notifications import store
from souk.insight.notifications.events import MailWanted
from souk.insight.notifications.mail import Mailer
from souk.insight.notifications.messages import Addressed, of_refund, of_sale
from souk.insight.notifications.store import Message
from souk.people.organisations.api import MemberFacts, OrganisationsApi


def notice_handlers(*, organisations: OrganisationsApi, base_url: str) -> list[Handler]:
    """Notices of sales and refunds for every member of both parties, each with its mail."""

    async def run(uow: UnitOfWork, delivered: Sequence[Delivered[Any]]) -> None:
        addressed = [(one.id, message) for one in delivered for message in _messages(one.event)]
        members = await organisations.members_of(
            uow, sorted({message.organisation_id for _, message in addressed})
        )
        notices = [
            store.NewNotice(event_id, member.user_id, message.message)
            for event_id, message in addressed
            for member in members.get(message.organisation_id, ())
        ]
        await store.insert(uow, notices)
        for _, message in addressed:
            for member in members.get(message.organisation_id, ()):
                uow.publish(_mail(message.message, member, base_url=base_url))

    return [Handler(name="insight.notices", events=(OrderPaid, OrderRefunded), run=run, batch=100)]


def _messages(event: OrderPaid | OrderRefunded) -> list[Addressed]:
    return of_sale(event) if isinstance(event, OrderPaid) else of_refund(event)


def _mail(message: Message, member: MemberFacts, *, base_url: str) -> MailWanted:
    return MailWanted(
        to=member.email,
        to_name=member.name,
        subject=message.title,
        text=f"{message.body}\n\n{base_url}{message.link}\n",
    )


def mail_handler(mailer: Mailer) -> Handler:
    """Sends what should go out as e-mail."""

    async def run(_uow: UnitOfWork, delivered: Sequence[Delivered[MailWanted]]) -> None:
        for one in delivered:
            await mailer.send(one.event, message_id=one.id)

    return Handler(name="insight.mail", events=(MailWanted,), run=run)
