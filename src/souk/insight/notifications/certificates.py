"""Tells the owners of domains that a certificate they brought ends soon."""

from collections.abc import Sequence

from souk.delivery.assets.events import CertificateEnding
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.notifications.api import Notices
from souk.people.organisations.api import OrganisationsApi

KIND = "domain.certificate_ending"


def certificate_notices(*, organisations: OrganisationsApi, notices: Notices) -> Handler:
    """A notice for every member of the organisation that has the domain."""

    async def run(uow: UnitOfWork, delivered: Sequence[Delivered[CertificateEnding]]) -> None:
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
                link=f"/account/domains?organisation={event.organisation_id}",
                event_id=one.id,
            )

    return Handler(name="insight.certificates", events=(CertificateEnding,), run=run, batch=50)


def title_of(event: CertificateEnding) -> str:
    """What happens, in one line."""
    when = "within a day" if event.days == 1 else f"within {event.days} days"
    return f"The certificate of {event.name} ends {when}"


def body_of(event: CertificateEnding) -> str:
    """When, what then, and what to do."""
    return (
        f"It ends on {event.not_after:%-d %B %Y at %H:%M} UTC; browsers refuse {event.name} from "
        "then on. Send the next one, or let certificates come by themselves."
    )
