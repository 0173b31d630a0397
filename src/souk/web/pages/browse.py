"""Categories: all of them, and a page for each."""

from litestar import Response, get

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import NotFound
from souk.web.market import Market
from souk.web.pages.addresses import with_query
from souk.web.render import Pages
from souk.web.shell import Shell

MAX_NAME = 60


@get("/browse")
async def categories_page(
    uow: UnitOfWork, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """Every category with the number of its works, and the kinds."""
    return pages.answer("pages/categories.html", shell, fresh=await market.front.fresh(uow))


@get("/browse/{category:str}")
async def category_page(
    category: str, uow: UnitOfWork, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """What is wanted, popular and new in a category; search goes on from here with filters."""
    name = category[:MAX_NAME]
    found = await market.front.category(uow, name)
    if found.index_ready and not found.total:
        raise NotFound("category_unknown", "There are no works in this category.")
    return pages.answer(
        "pages/category.html",
        shell,
        name=name,
        found=found,
        fresh=await market.front.fresh(uow),
        search_href=with_query("/search", {"category": name}),
    )


ROUTES = [categories_page, category_page]
