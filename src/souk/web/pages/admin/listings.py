"""What is on the market."""

from litestar import Response, get

from souk.discovery.search.api import SearchQuestion, Sort
from souk.kernel.actor import Actor
from souk.web.forms import PageRequest
from souk.web.market import Market
from souk.web.pages.addresses import paging
from souk.web.pages.admin.shared import PAGE_SIZE, PERMISSION, cursor_of, words_of
from souk.web.render import Pages
from souk.web.shell import Shell

HERE = "/admin/listings"


@get(HERE)
async def listings_page(
    request: PageRequest,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Published listings, newest first, or those that fit some words."""
    actor.require(PERMISSION)
    words, cursor = words_of(request), cursor_of(request)
    sort = Sort.RELEVANCE if words else Sort.NEWEST
    page = await market.search.search(
        SearchQuestion(text=words, sort=sort, cursor=cursor, limit=PAGE_SIZE)
    )
    return pages.answer(
        "pages/admin/listings.html",
        shell,
        here=HERE,
        listings=[hit.listing for hit in page.items],
        find=words,
        total=page.total,
        paging=paging(HERE, cursor, page.next_cursor, find=words),
    )


ROUTES = [listings_page]
