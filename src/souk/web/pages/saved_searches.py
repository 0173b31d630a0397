"""The searches a user keeps: saved from the search page, renamed, paused, deleted here."""

from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect
from multidict import MultiDict

from souk.discovery.alerts.api import SavedSearch, SavedSearchRequest, SavedSearchUpdate
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import Form, PageRequest, posted, read
from souk.web.market import Market
from souk.web.pages.addresses import see_other
from souk.web.pages.search_address import address_of, read_address, search_filters
from souk.web.pages.search_facets import chips
from souk.web.render import Pages
from souk.web.shell import Shell

HERE: Final = "/account/searches"


@get(HERE)
async def saved_searches_page(
    uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """The caller's saved searches."""
    return _page(pages, shell, await market.saved_searches.all(uow, actor))


@post(HERE)
async def save_search(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Keeps the search whose parts the form holds."""
    fields = await posted(request)
    pairs = [(name, value) for name, values in fields.pairs.items() for value in values]
    address = read_address(MultiDict(pairs))
    saved = await market.saved_searches.all(uow, actor)
    wish = SavedSearchRequest(query=address.one("q"), filters=search_filters(address))
    try:
        await market.saved_searches.save(uow, actor, wish)
    except SoukError as error:
        return _page(pages, shell, saved, form=Form().refused(error), status=error.status)
    return see_other(HERE)


@get("/account/searches/{saved_search_id:str}")
async def open_search(
    saved_search_id: str, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """To the results of a saved search, the newest first."""
    saved = await market.saved_searches.get(uow, actor, saved_search_id)
    return see_other(_href(saved))


@post("/account/searches/{saved_search_id:str}")
async def change_search(
    saved_search_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Renames, pauses, resumes or deletes, as the button says."""
    fields = await posted(request)
    saved = await market.saved_searches.all(uow, actor)
    if fields.get("act") == "delete":
        await market.saved_searches.forget(uow, actor, saved_search_id)
        return see_other(HERE)
    paused = {"pause": "true", "resume": "false"}.get(fields.get("act"), "")
    name = "" if paused else fields.get("name")
    update, errors = read(SavedSearchUpdate, {"name": name, "paused": paused})
    if update is None:
        form = Form(values={"name": name}, errors=errors)
        return _page(pages, shell, saved, form=form, at=saved_search_id, status=422)
    await market.saved_searches.change(uow, actor, saved_search_id, update)
    return see_other(HERE)


def _page(
    pages: Pages,
    shell: Shell,
    saved: list[SavedSearch],
    *,
    form: Form | None = None,
    at: str = "",
    status: int = 200,
) -> Response[str]:
    shown = [(one, _href(one), _words(one)) for one in saved]
    return pages.answer(
        "pages/saved_searches.html",
        shell,
        status=status,
        here=HERE,
        saved=shown,
        form=form or Form(),
        at=at,
    )


def _href(saved: SavedSearch) -> str:
    return address_of(saved.query, saved.filters).changed(sort="newest")


def _words(saved: SavedSearch) -> list[str]:
    """The filters of a search, as its chips read."""
    return [chip.name for chip in chips(address_of(saved.query, saved.filters), ())]


ROUTES = [saved_searches_page, save_search, open_search, change_search]
