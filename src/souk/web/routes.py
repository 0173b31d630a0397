"""All pages as one router, with what their handlers receive by name."""

from litestar import Router
from litestar.datastructures import CacheControlHeader
from litestar.di import Provide
from litestar.static_files import create_static_files_router

from souk.web.assets import DIST, STATIC_PATH
from souk.web.market import Market
from souk.web.pages import (
    account,
    admin,
    compare,
    design,
    docs,
    home,
    keys,
    library,
    listing,
    looks,
    notices,
    orders,
    organisations,
    publish,
    search,
    selling,
    sign_in,
    wallet,
)
from souk.web.render import Pages
from souk.web.shell import provide_shell

FOR_GOOD = CacheControlHeader(public=True, max_age=31_536_000, immutable=True)
"""Every built file carries a hash of its content in its name."""

_PAGES = (
    account,
    admin,
    compare,
    design,
    docs,
    home,
    keys,
    library,
    listing,
    looks,
    notices,
    orders,
    organisations,
    publish,
    search,
    selling,
    sign_in,
    wallet,
)


def page_routes(market: Market, pages: Pages) -> list[Router]:
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
        create_static_files_router(
            path=STATIC_PATH.rstrip("/"),
            directories=[DIST],
            include_in_schema=False,
            cache_control=FOR_GOOD,
            opt={"transaction": "own", "exclude_from_csrf": True},
        ),
    ]
