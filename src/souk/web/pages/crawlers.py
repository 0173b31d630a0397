"""For search engines and language models: robots.txt, the sitemap, llms.txt."""

from datetime import datetime
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape

from litestar import MediaType, Response, get
from litestar.exceptions import NotFoundException

from souk.infra.postgres.uow import UnitOfWork
from souk.web.market import Market
from souk.web.reference import reference, reference_names
from souk.web.words import KINDS

PER_SITEMAP: Final = 10_000
"""Addresses in one file; the protocol admits 50,000 (sitemaps.org)."""
PRIVATE: Final = (
    "account",
    "admin",
    "checkout",
    "library",
    "notices",
    "orders",
    "publish",
    "report",
    "selling",
    "wallet",
    "workspaces",
)
ENDLESS: Final = ("Disallow: /search?*q=", "Disallow: /search?*cursor=")
"""Answers to words, and the later pages of any answer."""
_OWN: Final = {"transaction": "own"}
_FOR_AN_HOUR: Final = {"cache-control": "public, max-age=3600"}
Place = tuple[str, datetime | None]
"""A path, and when its page last changed."""
_XML: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"


@get("/robots.txt", opt=_OWN, sync_to_thread=False)
def robots(market: Market) -> Response[str]:
    """Public pages may be indexed; private ones and endless answers need not be."""
    lines = ["User-agent: *", *(f"Disallow: /{name}" for name in PRIVATE), *ENDLESS]
    lines += ["", f"Sitemap: {market.settings.base_url}/sitemap.xml", ""]
    return Response("\n".join(lines), media_type=MediaType.TEXT)


@get("/sitemap.xml")
async def sitemap_index(uow: UnitOfWork, market: Market) -> Response[str]:
    """Which sitemaps there are: the fixed pages and categories; listings, storefronts and public
    collections in files of `PER_SITEMAP`, each named by the id that it begins with.
    """
    base = market.settings.base_url
    names = [
        "pages",
        *await market.listings.address_pages(uow, every=PER_SITEMAP),
        *await market.listings.seller_pages(uow, every=PER_SITEMAP),
        *await market.collections.public_pages(uow, every=PER_SITEMAP),
    ]
    files = "".join(
        f"<sitemap><loc>{escape(base)}/sitemaps/{name}.xml</loc></sitemap>\n" for name in names
    )
    return _xml(f'<sitemapindex xmlns="{_NAMESPACE}">\n{files}</sitemapindex>\n')


@get("/sitemaps/{name:str}")
async def sitemap(name: str, uow: UnitOfWork, market: Market) -> Response[str]:
    """The fixed pages and categories, or what an id begins."""
    start = name.removesuffix(".xml")
    if start == name:
        raise NotFoundException
    if start == "pages":
        kinds = [f"/search?kind={kind}" for kind in KINDS]
        docs = [f"/docs/{page}" for page in reference_names()]
        fresh = await market.front.fresh(uow)
        shelves = [f"/browse/{quote(name, safe='')}" for name, _ in fresh.categories]
        fixed = ("/", "/search", "/browse", "/collections")
        return _urls(market, [(path, None) for path in (*fixed, *kinds, *shelves, *docs)])
    found = await _from(uow, market, start)
    if not found:
        raise NotFoundException
    return _urls(market, found)


async def _from(uow: UnitOfWork, market: Market, start: str) -> list[Place]:
    """Pages from an id on: what it is the id of says which."""
    if start.startswith("org_"):
        sellers = await market.listings.sellers_from(uow, start, limit=PER_SITEMAP)
        return [(f"/{one.address}", one.updated_at) for one in sellers]
    if start.startswith("col_"):
        lists = await market.collections.public_from(uow, start, limit=PER_SITEMAP)
        return [(f"/collections/{one.address}", one.updated_at) for one in lists]
    works = await market.listings.addresses_from(uow, start, limit=PER_SITEMAP)
    return [(f"/{one.address}", one.updated_at) for one in works]


@get("/llms.txt", opt=_OWN, sync_to_thread=False)
def llms(market: Market) -> Response[str]:
    """What a language model should know of this marketplace (llmstxt.org)."""
    base = market.settings.base_url
    kinds = ", ".join(KINDS)
    docs = [page for name in reference_names() if (page := reference(name))]
    lines = [
        "# Souk",
        "",
        "> A marketplace for AI: models, datasets and everything made with them can be found,",
        "> bought, downloaded, and their ownership proved.",
        "",
        f"Kinds of listings: {kinds}. Everything a page does, the API does too; an API key is sent",
        "as `Authorization: Bearer vk_…`. Prices are in minor units of their currency.",
        "",
        "## API",
        "",
        f"- [OpenAPI description]({base}/openapi.json): every operation, with examples",
        f"- [Search]({base}/api/v1/search?q=embeddings): listings by plain words, as JSON",
        f"- [Sitemap]({base}/sitemap.xml): every public listing, storefront and collection",
        "",
        "## Reference",
        "",
        *(f"- [{page.title}]({base}/docs/{page.name})" for page in docs),
        "",
    ]
    return Response("\n".join(lines), media_type="text/plain", headers=_FOR_AN_HOUR)


def _urls(market: Market, places: list[Place]) -> Response[str]:
    base = market.settings.base_url
    urls = "".join(
        f"<url><loc>{escape(base + path)}</loc>"
        + (f"<lastmod>{changed.date().isoformat()}</lastmod>" if changed else "")
        + "</url>\n"
        for path, changed in places
    )
    return _xml(f'<urlset xmlns="{_NAMESPACE}">\n{urls}</urlset>\n')


def _xml(text: str) -> Response[str]:
    return Response(_XML + text, media_type="application/xml", headers=_FOR_AN_HOUR)


ROUTES = [robots, sitemap_index, sitemap, llms]
