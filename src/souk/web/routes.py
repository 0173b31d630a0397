"""All pages as one router, with what their handlers receive by name."""

from litestar import Router
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from souk.web.built_files import built_files_route, read_built_files
from souk.web.market import Market
from souk.web.pages import (
    account,
    admin,
    assets,
    brand,
    browse,
    certificates,
    chain_checkout,
    collections,
    compare,
    crawlers,
    design,
    docs,
    domains,
    favourites,
    featured,
    home,
    keys,
    library,
    listing,
    listing_numbers,
    looks,
    lookup,
    moderation,
    notice_preferences,
    notices,
    one_review,
    orders,
    organisations,
    plugin,
    promotions,
    publish,
    reviews,
    saved_searches,
    search,
    selling,
    selling_delivery,
    selling_numbers,
    sign_in,
    storefront,
    wallet,
    wallets,
    workspace_plan,
    workspaces,
)
from souk.web.render import Pages
from souk.web.shell import provide_shell

_PAGES = (
    account,
    admin,
    assets,
    brand,
    browse,
    certificates,
    chain_checkout,
    collections,
    compare,
    crawlers,
    design,
    docs,
    domains,
    favourites,
    featured,
    home,
    keys,
    library,
    listing,
    listing_numbers,
    lookup,
    looks,
    moderation,
    notice_preferences,
    notices,
    orders,
    one_review,
    organisations,
    plugin,
    promotions,
    publish,
    reviews,
    saved_searches,
    search,
    selling,
    selling_delivery,
    selling_numbers,
    sign_in,
    storefront,
    wallet,
    wallets,
    workspace_plan,
    workspaces,
)


def page_routes(market: Market, pages: Pages) -> list[ControllerRouterHandler]:
    """The pages, and the built files that they load."""
    return [
        Router(
            path="/",
            route_handlers=[route for module in _PAGES for route in module.ROUTES],
            dependencies={
                "market": Provide(lambda: market, sync_to_thread=False),
                "pages": Provide(lambda: pages, sync_to_thread=False),
                "shell": Provide(provide_shell),
            },
            include_in_schema=False,
        ),
        built_files_route(read_built_files()),
    ]
