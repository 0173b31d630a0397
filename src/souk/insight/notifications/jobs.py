"""Turns facts into notices and mail."""

from collections.abc import Sequence
from typing import Any

from souk.commerce.orders.events import OrderPaid, OrderRefunded
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.notifications.events import MailWanted
from souk.insight.notifications.mail import Mailer
from souk.insight.notifications.messages import Addressed, of_refund, of_sale
from souk.insight.notifications.store import NewNotice
from souk.insight.notifications.telling import Telling
from souk.people.organisations.api import OrganisationsApi


def notice_handlers(*, organisations: OrganisationsApi, telling: Telling) -> list[Handler]:
    """Notices of sales and refunds for every member of both parties."""

    async def run(uow: UnitOfWork, delivered: Sequence[Delivered[Any]]) -> None:
        addressed = [(one.id, message) for one in delivered for message in _messages(one.event)]
        members = await organisations.members_of(
            uow, sorted({message.organisation_id for _, message in addressed})
        )
        notices = [
            NewNotice(event_id, member.user_id, message.message)
            for event_id, message in addressed
            for member in members.get(message.organisation_id, ())
        ]
        await telling.tell_all(uow, notices)

    return [Handler(name="insight.notices", events=(OrderPaid, OrderRefunded), run=run, batch=100)]


def _messages(event: OrderPaid | OrderRefunded) -> list[Addressed]:
    return of_sale(event) if isinstance(event, OrderPaid) else of_refund(event)


def mail_handler(mailer: Mailer) -> Handler:
    """Sends what should go out as e-mail."""

    async def run(_uow: UnitOfWork, delivered: Sequence[Delivered[MailWanted]]) -> None:
        for one in delivered:
            await mailer.send(one.event, message_id=one.id)

    return Handler(name="insight.mail", events=(MailWanted,), run=run)
