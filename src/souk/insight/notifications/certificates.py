"""Tells the owners of domains that a certificate they brought ends soon."""

from souk.delivery.assets.events import CertificateEnding
from souk.infra.outbox.handlers import Handler
from souk.insight.notifications.api import Notices
from souk.insight.notifications.members import Message, member_notices
from souk.people.organisations.api import OrganisationsApi

KIND = "domain.certificate_ending"


def certificate_notices(*, organisations: OrganisationsApi, notices: Notices) -> Handler:
    """A notice for every member of the organisation that has the domain."""
    return member_notices(
        CertificateEnding,
        _message,
        name="insight.certificates",
        kind=KIND,
        organisations=organisations,
        notices=notices,
    )


def _message(event: CertificateEnding) -> Message:
    return Message(
        organisation_id=event.organisation_id,
        title=title_of(event),
        body=body_of(event),
        link=f"/account/domains?organisation={event.organisation_id}",
    )


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
