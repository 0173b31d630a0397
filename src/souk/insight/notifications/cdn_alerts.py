"""Tells admins that a figure of the CDN has crossed a limit, or has come back."""

from collections.abc import Sequence

from souk.delivery.cdn.events import CdnAlertChanged
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.notifications.api import Notices
from souk.people.identity.api import IdentityApi


def cdn_alert_notices(*, identity: IdentityApi, notices: Notices) -> Handler:
    """A notice for every admin."""

    async def run(uow: UnitOfWork, delivered: Sequence[Delivered[CdnAlertChanged]]) -> None:
        admins = await identity.with_role(uow, "admin")
        for one in delivered:
            event = one.event
            await notices.tell(
                uow,
                user_ids=admins,
                kind=f"cdn.alert_{event.state}",
                title=title_of(event),
                body=body_of(event),
                link="/admin/cdn/alerts",
                event_id=one.id,
            )

    return Handler(name="insight.cdn_alerts", events=(CdnAlertChanged,), run=run, batch=20)


def title_of(event: CdnAlertChanged) -> str:
    """What happened, in one line."""
    where = "" if event.subject == "all" else f" in {event.subject}"
    return f"{event.name}{where}" if event.state == "raised" else f"Over again: {event.name}{where}"


def body_of(event: CdnAlertChanged) -> str:
    """The figure and its limit."""
    side = "above" if event.above else "below"
    words = event.metric.replace("_", " ")
    return f"The {words} is {event.value:.4g}; the limit is {side} {event.threshold:.4g}."
