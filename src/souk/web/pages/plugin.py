"""Plug-ins on their listing's page, and the documentation made from their manifest."""

from litestar import Response, get

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import SoukError
from souk.web.market import Market
from souk.web.pages.listing_view import ListingView
from souk.web.render import Pages
from souk.web.shell import Shell

MAX_CHOICES = 50


async def plugin_part(view: ListingView) -> dict[str, object]:
    """What the manifest says, and the visitor's workspaces; nothing for other kinds."""
    if view.listing.kind != "plugin":
        return {"plugin": None, "plugin_workspaces": []}
    owner, _, slug = view.listing.address.partition("/")
    plugin = await view.market.plugins.find(view.uow, owner, slug)
    workspaces = []
    if plugin is not None and view.actor.user_id is not None:
        page = await view.market.workspaces.page(view.uow, view.actor, limit=MAX_CHOICES)
        workspaces = [one for one in page.items if view.actor.manages(one.organisation_id)]
    return {"plugin": plugin, "plugin_workspaces": workspaces}


@get("/{owner:str}/{slug:str}/docs")
async def plugin_documentation(
    owner: str, slug: str, uow: UnitOfWork, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """The documentation of the version that an installation takes now."""
    try:
        plugin = await market.plugins.get(uow, owner, slug)
    except SoukError as error:
        if error.code != "plugin_unknown":
            raise
        await market.listings.by_address(uow, owner, slug)  # says so when there is none at all
        raise
    return pages.answer("pages/plugin_docs.html", shell, plugin=plugin)


ROUTES = [plugin_documentation]
