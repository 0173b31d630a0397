"""API keys: made, shown once, revoked."""

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.people.access.api import ApiKeyFacts
from souk.web.forms import Form, PageRequest, posted, read
from souk.web.market import Market
from souk.web.pages.addresses import see_other
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.people import ApiKeyRequest

HERE = "/account/keys"


@get(HERE)
async def keys_page(
    uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """The caller's live keys."""
    return _page(pages, shell, await market.access.keys(uow, actor))


@post(HERE)
async def make_key(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Makes a key; this answer is the only one that shows it."""
    fields = await posted(request)
    keys = await market.access.keys(uow, actor)
    names = ("name", "expires_in_days")
    wish, errors = read(ApiKeyRequest, {name: fields.get(name) for name in names})
    form = Form(values=fields.form().values, errors=errors)
    if wish is None:
        return _page(pages, shell, keys, form=form, status=422)
    try:
        facts, text = await market.access.make_key(
            uow, actor, name=wish.name, expires_in_days=wish.expires_in_days
        )
    except SoukError as error:
        return _page(pages, shell, keys, form=form.refused(error), status=error.status)
    return _page(pages, shell, [facts, *keys], created=text)


@post("/account/keys/{key_id:str}/revoke")
async def revoke_key(key_id: str, uow: UnitOfWork, actor: Actor, market: Market) -> Redirect:
    """Ends a key at once."""
    await market.access.revoke_key(uow, actor, key_id)
    return see_other(HERE)


def _page(
    pages: Pages,
    shell: Shell,
    keys: list[ApiKeyFacts],
    *,
    form: Form | None = None,
    created: str = "",
    status: int = 200,
) -> Response[str]:
    return pages.answer(
        "pages/keys.html",
        shell,
        status=status,
        here=HERE,
        api_keys=keys,
        created=created,
        form=form or Form(),
    )


ROUTES = [keys_page, make_key, revoke_key]
