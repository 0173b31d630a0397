"""What the pages are dressed in: tiles, the icon, theme and currency switches."""

from typing import Final

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.exceptions import NotFoundException
from litestar.response import Redirect

from souk.web import tiles
from souk.web.forms import PageRequest, posted
from souk.web.market import Market
from souk.web.pages.addresses import local_path
from souk.web.shell import CURRENCY_COOKIE, THEME_COOKIE, currency_of, theme_of

_OWN: Final = {"transaction": "own"}
_SVG: Final = "image/svg+xml"
_FOR_GOOD: Final = {"cache-control": "public, max-age=31536000, immutable"}
_FOR_A_DAY: Final = {"cache-control": "public, max-age=86400"}
_YEAR_S: Final = 365 * 86400

_OUTER: Final = (
    "M16 0l4.7 4.7h6.6v6.6L32 16l-4.7 4.7v6.6h-6.6L16 32l-4.7-4.7H4.7v-6.6L0 16l4.7-4.7V4.7h6.6z"
)
_INNER: Final = (
    "M16 8.5l2.2 2.2h3.1v3.1L23.5 16l-2.2 2.2v3.1h-3.1L16 23.5l-2.2-2.2h-3.1v-3.1L8.5 16l2.2-2.2"
    "v-3.1h3.1z"
)
FAVICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    f'<path fill="#2a3fb0" d="{_OUTER}"/><path fill="#f0ad38" d="{_INNER}"/></svg>'
)


@get("/tiles/hero.svg", opt=_OWN, sync_to_thread=False)
def hero_tile() -> Response[str]:
    """The pattern behind the headline."""
    return Response(tiles.hero(), media_type=_SVG, headers=_FOR_A_DAY)


@get("/tiles/{kind:str}/{name:str}", opt=_OWN, sync_to_thread=False)
def tile(kind: str, name: str) -> Response[str]:
    """The tile of a listing: `/tiles/model/owner~slug.svg`."""
    if not name.endswith(".svg") or kind not in tiles.PALETTES:
        raise NotFoundException
    svg = tiles.tile(kind, name.removesuffix(".svg"))
    return Response(svg, media_type=_SVG, headers=_FOR_GOOD)


@get(["/favicon.svg", "/favicon.ico"], opt=_OWN, sync_to_thread=False)
def favicon() -> Response[str]:
    """The eight-pointed star."""
    return Response(FAVICON, media_type=_SVG, headers=_FOR_A_DAY)


@post("/preferences/theme", opt=_OWN)
async def choose_theme(request: PageRequest, market: Market) -> Redirect:
    """Keeps the theme in a cookie and goes back to the page."""
    fields = await posted(request)
    cookie = _kept(market, THEME_COOKIE, theme_of(fields.get("theme")))
    return Redirect(local_path(fields.get("back")), status_code=303, cookies=[cookie])


@post("/preferences/currency", opt=_OWN)
async def choose_currency(request: PageRequest, market: Market) -> Redirect:
    """Keeps the currency that prices are shown in as well, and goes back to the page."""
    fields = await posted(request)
    cookie = _kept(market, CURRENCY_COOKIE, currency_of(fields.get("currency")))
    return Redirect(local_path(fields.get("back")), status_code=303, cookies=[cookie])


def _kept(market: Market, key: str, value: str) -> Cookie:
    """A preference of this browser, for a year."""
    return Cookie(
        key=key,
        value=value,
        path="/",
        max_age=_YEAR_S,
        httponly=True,
        samesite="lax",
        secure=market.settings.base_url.startswith("https://"),
    )


ROUTES = [hero_tile, tile, favicon, choose_theme, choose_currency]
