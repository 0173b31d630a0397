"""Organisations, their members and invitations."""

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.people.organisations.api import COUNTRIES, OrganisationFacts
from souk.web.forms import Form, PageRequest, posted, read
from souk.web.market import Market
from souk.web.pages.addresses import see_other
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.people import InvitationRequest, OrganisationRequest

HERE = "/account/organisations"


@get(HERE)
async def organisations_page(
    uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """Where the caller belongs, and who asks them to join."""
    return await _list(uow, actor, shell, pages, market, Form())


@post(HERE)
async def start_organisation(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Makes a shared organisation with the caller as its first owner."""
    fields = await posted(request)
    wish, errors = read(
        OrganisationRequest, {"name": fields.get("name"), "slug": fields.get("slug")}
    )
    form = Form(values=fields.form().values, errors=errors)
    if wish is not None:
        try:
            made = await market.organisations.create(
                uow,
                owner_id=actor.require_user(),
                slug=wish.slug,
                name=wish.name,
                personal=False,
            )
            return see_other(f"{HERE}/{made.id}")
        except SoukError as error:
            form = form.refused(error, {"slug_taken": "slug", "slug_reserved": "slug"})
    return await _list(uow, actor, shell, pages, market, form)


@get("/account/organisations/{organisation_id:str}")
async def organisation_page(
    organisation_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Members of one organisation of the caller's."""
    organisation = await market.organisations.get(uow, actor.acting_for(organisation_id))
    invited = "invited" in request.query_params
    return await _one(
        uow, actor, shell, pages, market, organisation=organisation, form=Form(), invited=invited
    )


@post("/account/organisations/{organisation_id:str}/invitations")
async def invite(
    organisation_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Asks somebody to join."""
    fields = await posted(request)
    organisation = await market.organisations.get(uow, actor.acting_for(organisation_id))
    wish, errors = read(
        InvitationRequest, {"email": fields.get("email"), "role": fields.get("role")}
    )
    form = Form(values=fields.form().values, errors=errors)
    if wish is not None:
        try:
            await market.organisations.invite(
                uow, actor, organisation_id, email=wish.email, role=wish.role
            )
            return see_other(f"{HERE}/{organisation_id}?invited=1")
        except SoukError as error:
            form = form.refused(error, {"invitation_pending": "email"})
    return await _one(
        uow, actor, shell, pages, market, organisation=organisation, form=form, invited=False
    )


@post("/account/organisations/{organisation_id:str}/members/{user_id:str}/remove")
async def remove_member(
    organisation_id: str, user_id: str, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Removes a member, or lets the caller leave."""
    await market.organisations.remove(uow, actor, organisation_id, user_id)
    return see_other(HERE if user_id == actor.user_id else f"{HERE}/{organisation_id}")


@post("/account/invitations/{invitation_id:str}/{answer:str}")
async def answer_invitation(
    invitation_id: str, answer: str, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Joins (`accept`), or declines to."""
    await market.organisations.answer(uow, actor, invitation_id, accept=answer == "accept")
    return see_other(HERE)


async def _list(
    uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market, form: Form
) -> Response[str]:
    me = await market.access.me(uow, actor)
    return pages.answer(
        "pages/organisations.html",
        shell,
        status=422 if form.errors or form.problem else 200,
        here=HERE,
        memberships=me.memberships,
        invitations=await market.organisations.my_invitations(uow, actor),
        form=form,
    )


async def _one(
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
    *,
    organisation: OrganisationFacts,
    form: Form,
    invited: bool,
) -> Response[str]:
    billing = await market.billing.of(uow, organisation.id)
    return pages.answer(
        "pages/organisation.html",
        shell,
        status=422 if form.errors or form.problem else 200,
        here=HERE,
        organisation=organisation,
        members=await market.organisations.members(uow, actor, organisation.id),
        may_manage=actor.manages(organisation.id),
        invited=invited,
        form=form,
        country_form=Form(values={"country": billing.country if billing else ""}),
        countries=COUNTRIES,
    )


ROUTES = [
    organisations_page,
    start_organisation,
    organisation_page,
    invite,
    remove_member,
    answer_invitation,
]
