"""HTTP: organisations, members, invitations."""

from litestar import delete, get, patch, post, put

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.people.organisations.billing import BillingService
from souk.people.organisations.service import OrganisationService
from souk.people.organisations.views import billing_of, invitation_of, member_of, organisation_of
from souk_client.contracts.base import PageAnswer
from souk_client.contracts.people import (
    Billing,
    BillingRequest,
    Invitation,
    InvitationRequest,
    Member,
    Organisation,
    OrganisationRequest,
    OrganisationUpdate,
)


@post("/organisations", tags=["people"])
async def create_organisation(
    data: OrganisationRequest, uow: UnitOfWork, actor: Actor, organisations: OrganisationService
) -> Organisation:
    """Makes a shared organisation; the caller is its first owner."""
    owner_id = actor.require_user()
    made = await organisations.create(
        uow, owner_id=owner_id, slug=data.slug, name=data.name, personal=False
    )
    return organisation_of(made)


@get("/organisations/{organisation_id:str}", tags=["people"])
async def get_organisation(
    organisation_id: str, uow: UnitOfWork, organisations: OrganisationService
) -> Organisation:
    """An organisation by its id, as everybody may see it."""
    return organisation_of(await organisations.shown(uow, organisation_id))


@patch("/organisations/{organisation_id:str}", tags=["people"])
async def rename_organisation(
    organisation_id: str,
    data: OrganisationUpdate,
    uow: UnitOfWork,
    actor: Actor,
    organisations: OrganisationService,
) -> Organisation:
    """Changes the display name; managers only."""
    return organisation_of(await organisations.rename(uow, actor, organisation_id, name=data.name))


@get("/organisations/{organisation_id:str}/billing", tags=["people"])
async def get_billing(
    organisation_id: str, uow: UnitOfWork, actor: Actor, billing: BillingService
) -> Billing:
    """Where one of the caller's organisations buys from; null until it said so."""
    return billing_of(await billing.of(uow, actor.acting_for(organisation_id)))


@put("/organisations/{organisation_id:str}/billing", tags=["people"])
async def state_billing(
    organisation_id: str,
    data: BillingRequest,
    uow: UnitOfWork,
    actor: Actor,
    billing: BillingService,
) -> Billing:
    """Says where an organisation buys from: works that are not sold everywhere need to know."""
    return billing_of(await billing.state(uow, actor, organisation_id, country=data.country))


@get("/organisations/{organisation_id:str}/members", tags=["people"])
async def list_members(
    organisation_id: str, uow: UnitOfWork, actor: Actor, organisations: OrganisationService
) -> PageAnswer[Member]:
    """Who belongs to an organisation of the caller's."""
    members = await organisations.members(uow, actor, organisation_id)
    return PageAnswer(items=[member_of(member) for member in members])


@delete("/organisations/{organisation_id:str}/members/{user_id:str}", tags=["people"])
async def remove_member(
    organisation_id: str,
    user_id: str,
    uow: UnitOfWork,
    actor: Actor,
    organisations: OrganisationService,
) -> None:
    """Removes a member, or leaves when the caller names themselves."""
    await organisations.remove(uow, actor, organisation_id, user_id)


@post("/organisations/{organisation_id:str}/invitations", tags=["people"])
async def invite(
    organisation_id: str,
    data: InvitationRequest,
    uow: UnitOfWork,
    actor: Actor,
    organisations: OrganisationService,
) -> Invitation:
    """Asks somebody to join, by e-mail address."""
    invitation = await organisations.invite(
        uow, actor, organisation_id, email=data.email, role=data.role
    )
    return invitation_of(invitation)


@get("/organisations/{organisation_id:str}/invitations", tags=["people"])
async def list_invitations(
    organisation_id: str, uow: UnitOfWork, actor: Actor, organisations: OrganisationService
) -> PageAnswer[Invitation]:
    """What an organisation has sent out; managers only."""
    found = await organisations.invitations(uow, actor, organisation_id)
    return PageAnswer(items=[invitation_of(invitation) for invitation in found])


@get("/me/invitations", tags=["people"])
async def my_invitations(
    uow: UnitOfWork, actor: Actor, organisations: OrganisationService
) -> PageAnswer[Invitation]:
    """What has come in for the caller."""
    found = await organisations.my_invitations(uow, actor)
    return PageAnswer(items=[invitation_of(invitation) for invitation in found])


@post("/invitations/{invitation_id:str}/accept", tags=["people"], status_code=200)
async def accept_invitation(
    invitation_id: str, uow: UnitOfWork, actor: Actor, organisations: OrganisationService
) -> Invitation:
    """Joins."""
    return invitation_of(await organisations.answer(uow, actor, invitation_id, accept=True))


@post("/invitations/{invitation_id:str}/decline", tags=["people"], status_code=200)
async def decline_invitation(
    invitation_id: str, uow: UnitOfWork, actor: Actor, organisations: OrganisationService
) -> Invitation:
    """Declines to join."""
    return invitation_of(await organisations.answer(uow, actor, invitation_id, accept=False))


ROUTES = [
    create_organisation,
    get_organisation,
    rename_organisation,
    get_billing,
    state_billing,
    list_members,
    remove_member,
    invite,
    list_invitations,
    my_invitations,
    accept_invitation,
    decline_invitation,
]
