"""Profile and password."""

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.people.organisations.api import COUNTRIES
from souk.web.forms import Form, PageRequest, posted, read
from souk.web.market import Market
from souk.web.pages.addresses import see_other
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.people import MeUpdate, PasswordChange, User

HERE = "/account"


@get(HERE)
async def account_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """The profile as it is."""
    me = await market.access.me(uow, actor)
    country = await _country(uow, market, me.user)
    return _page(pages, shell, me.user, country=country, saved="saved" in request.query_params)


@post(HERE)
async def save_profile(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Changes name and text."""
    fields = await posted(request)
    me = await market.access.me(uow, actor)
    country = await _country(uow, market, me.user)
    name = fields.get("name")
    wish, errors = read(MeUpdate, {"name": name, "bio": fields.get("bio")})
    if not name:
        errors["name"] = "Fill this in."
    if wish is None or errors:
        form = Form(values=fields.form().values, errors=errors)
        return _page(pages, shell, me.user, country=country, form=form, status=422)
    await market.access.update_me(uow, actor, name=wish.name, bio=fields.get("bio"))
    return see_other(f"{HERE}?saved=1")


@post("/account/password")
async def change_password(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Replaces the password; every session ends, this one too."""
    fields = await posted(request)
    me = await market.access.me(uow, actor)
    country = await _country(uow, market, me.user)
    names = ("current_password", "new_password")
    wish, errors = read(PasswordChange, {name: fields.get(name) for name in names})
    form = Form(errors=errors)
    if wish is not None:
        try:
            await market.access.change_password(
                uow, actor, current=wish.current_password, new=wish.new_password
            )
            return see_other("/sign-in")
        except SoukError as error:
            known = {"credentials_wrong": "current_password", "password_weak": "new_password"}
            form = form.refused(error, known)
    return _page(pages, shell, me.user, country=country, password_form=form, status=422)


@post("/account/organisations/{organisation_id:str}/country")
async def state_country(
    organisation_id: str, request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Says where an organisation buys from."""
    fields = await posted(request)
    await market.billing.state(uow, actor, organisation_id, country=fields.get("country"))
    personal = organisation_id == actor.organisation_id
    return see_other(f"{HERE}?saved=1" if personal else f"{HERE}/organisations/{organisation_id}")


async def _country(uow: UnitOfWork, market: Market, user: User) -> str:
    billing = await market.billing.of(uow, user.organisation.id)
    return billing.country if billing else ""


def _page(
    pages: Pages,
    shell: Shell,
    user: User,
    *,
    country: str,
    form: Form | None = None,
    password_form: Form | None = None,
    saved: bool = False,
    status: int = 200,
) -> Response[str]:
    return pages.answer(
        "pages/account.html",
        shell,
        status=status,
        here=HERE,
        user=user,
        saved=saved,
        country_form=Form(values={"country": country}),
        countries=COUNTRIES,
        form=form or Form(values={"name": user.name, "bio": user.bio}),
        password_form=password_form or Form(),
    )


ROUTES = [account_page, save_profile, change_password, state_country]
