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
from souk.people.identity.api import IdentityApi
from souk.people.organisations.api import OrganisationsApi


def notice_handlers(
    *, organisations: OrganisationsApi, identity: IdentityApi, base_url: str
) -> list[Handler]:
    """Notices of sales and refunds for every member of both parties, each with its mail."""

    async def tell(uow: UnitOfWork, event_id: str, addressed: Sequence[Addressed]) -> None:
        for one in addressed:
            user_ids = await organisations.member_ids(uow, one.organisation_id)
            await store.insert(uow, one.message, event_id=event_id, user_ids=user_ids)
            for user_id in user_ids:
                user = await identity.get(uow, user_id)
                uow.publish(
                    MailWanted(
                        to=user.email,
                        to_name=user.name,
                        subject=one.message.title,
                        text=f"{one.message.body}\n\n{base_url}{one.message.link}\n",
                    )
                )

    async def run(uow: UnitOfWork, delivered: Sequence[Delivered[Any]]) -> None:
        for one in delivered:
            messages = of_sale if isinstance(one.event, OrderPaid) else of_refund
            await tell(uow, one.id, messages(one.event))

    return [Handler(name="insight.notices", events=(OrderPaid, OrderRefunded), run=run, batch=50)]


def mail_handler(mailer: Mailer) -> Handler:
    """Sends what should go out as e-mail."""

    async def run(_uow: UnitOfWork, delivered: Sequence[Delivered[MailWanted]]) -> None:
        for one in delivered:
            await mailer.send(one.event, message_id=one.id)

    return Handler(name="insight.mail", events=(MailWanted,), run=run)
