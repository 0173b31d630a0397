"""The front page."""

from typing import Final

from litestar import Response, get

from souk.discovery.search.api import SearchQuestion, Sort
from souk.kernel.errors import Unavailable
from souk.web.market import Market
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.discovery import SearchAnswer

ROW: Final = 4
NEWEST: Final = 8
TRIES: Final = ("sentence embeddings", "tell benign from malignant tumours", "handwritten digits")


@get("/")
async def home(shell: Shell, pages: Pages, market: Market) -> Response[str]:
    """Search, kinds, what is popular and what is new."""
    newest = await _ask(market, Sort.NEWEST, NEWEST)
    popular = await _ask(market, Sort.DOWNLOADS, ROW)
    counts = {
        value.value: value.count
        for facet in (newest.facets if newest else ())
        if facet.name == "kind"
        for value in facet.values
    }
    return pages.answer(
        "pages/home.html",
        shell,
        tries=TRIES if newest and newest.total else (),
        kind_counts=counts,
        index_ready=newest is not None,
        newest=[hit.listing for hit in newest.items] if newest else [],
        popular=[
            hit.listing for hit in (popular.items if popular else ()) if hit.listing.downloads
        ],
    )


async def _ask(market: Market, sort: Sort, limit: int) -> SearchAnswer | None:
    """None while the index is still being built: the front page stands all the same."""
    try:
        return await market.search.search(SearchQuestion(sort=sort, limit=limit))
    except Unavailable:
        return None


ROUTES = [home]
