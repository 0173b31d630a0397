"""Facts about organisations as the wire shows them."""

from souk.people.organisations.api import (
    BillingFacts,
    InvitationFacts,
    MemberFacts,
    OrganisationFacts,
)
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.people import Billing, Invitation, Member, Organisation


def owner_ref(organisation: OrganisationFacts) -> OwnerRef:
    """An organisation as others see it."""
    return OwnerRef(id=organisation.id, slug=organisation.slug, name=organisation.name)


def organisation_of(organisation: OrganisationFacts) -> Organisation:
    return Organisation(
        id=organisation.id,
        slug=organisation.slug,
        name=organisation.name,
        personal=organisation.personal,
        created_at=organisation.created_at,
    )


def billing_of(facts: BillingFacts | None) -> Billing:
    if facts is None:
        return Billing()
    return Billing(country=facts.country, region=facts.region, stated_at=facts.stated_at)


def member_of(member: MemberFacts) -> Member:
    return Member(
        user_id=member.user_id,
        name=member.name,
        email=member.email,
        role=member.role,  # type: ignore[arg-type]  # the database admits no other
        joined_at=member.joined_at,
    )


def invitation_of(invitation: InvitationFacts) -> Invitation:
    return Invitation(
        id=invitation.id,
        organisation=OwnerRef(
            id=invitation.organisation_id,
            slug=invitation.slug,
            name=invitation.organisation_name,
        ),
        email=invitation.email,
        role=invitation.role,  # type: ignore[arg-type]  # the database admits no other
        state=invitation.state,  # type: ignore[arg-type]  # the query makes no other
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
    )
