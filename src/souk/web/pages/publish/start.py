"""Step 1: the kind, a title and an address make a draft."""

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import Form, PageRequest, posted, read
from souk.web.market import Market
from souk.web.pages.acting import organisation_choices
from souk.web.pages.addresses import see_other
from souk.web.pages.publish.draft import steps
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.works import ListingRequest

MAX_DRAFTS = 10


@get("/publish")
async def start_page(
    uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """The form, and the drafts that wait."""
    return await _page(uow, actor, shell, pages, market, Form(values={"kind": "model"}))


@post("/publish")
async def start(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Makes the draft."""
    actor.require_user()
    fields = await posted(request)
    names = ("kind", "title", "slug", "organisation_id")
    wish, errors = read(ListingRequest, {name: fields.get(name) for name in names})
    form = Form(values=fields.form().values, errors=errors)
    if wish is None:
        return await _page(uow, actor, shell, pages, market, form)
    try:
        listing = await market.editor.create(uow, actor, wish)
    except SoukError as error:
        form = form.refused(error, {"slug_taken": "slug", "slug_reserved": "slug"})
        return await _page(uow, actor, shell, pages, market, form)
    return see_other(f"/publish/{listing.id}/details")


async def _page(
    uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market, form: Form
) -> Response[str]:
    drafts = await market.listings.of_organisation(
        uow, actor.acting_for(None), state="draft", limit=MAX_DRAFTS
    )
    return pages.answer(
        "pages/publish/start.html",
        shell,
        status=422 if form.errors or form.problem else 200,
        step_names=steps(),
        drafts=drafts.items,
        organisations=await organisation_choices(uow, actor, market),
        form=form,
    )


ROUTES = [start_page, start]
