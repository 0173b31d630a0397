"""The market's own colours, logo and the picture that shows it where a page is shared."""

from typing import Final

from litestar import Response, get
from litestar.exceptions import NotFoundException

from souk.web.forms import PageRequest
from souk.web.render import Pages
from souk.web.share_picture import share_picture

_OWN: Final = {"transaction": "own"}
_FOR_GOOD: Final = "public, max-age=31536000, immutable"
_FOR_AN_HOUR: Final = "public, max-age=3600"
_ONLY_A_PICTURE: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""A drawing opened by itself runs nothing."""


@get("/theme.css", opt=_OWN, sync_to_thread=False)
def theme_css(request: PageRequest, pages: Pages) -> Response[str]:
    """The colours over the tokens; kept for good at the address that pages name."""
    brand = pages.brand
    return Response(
        brand.css,
        media_type="text/css",
        headers={"cache-control": _kept(request, brand.theme_path)},
    )


@get(["/logo.svg", "/logo.png"], opt=_OWN, sync_to_thread=False)
def logo(request: PageRequest, pages: Pages) -> Response[bytes]:
    """The logo, when the market has one of its own."""
    found = pages.brand.logo
    if found is None or not found.path.startswith(f"{request.url.path}?"):
        raise NotFoundException
    return Response(
        found.content,
        media_type=found.media_type,
        headers={
            "cache-control": _kept(request, found.path),
            "content-security-policy": _ONLY_A_PICTURE,
        },
    )


@get("/share.png", opt=_OWN, sync_to_thread=True)
def share_png(pages: Pages) -> Response[bytes]:
    """The picture of a page that has none of its own, 1200 by 630 (Open Graph)."""
    return Response(
        share_picture(pages.brand.name, pages.brand.primary, pages.brand.accent),
        media_type="image/png",
        headers={"cache-control": "public, max-age=86400"},
    )


def _kept(request: PageRequest, path: str) -> str:
    url = request.url
    return _FOR_GOOD if f"{url.path}?{url.query}" == path else _FOR_AN_HOUR


ROUTES = [theme_css, logo, share_png]
