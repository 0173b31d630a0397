"""The front page."""

from typing import Final

from litestar import Response, get

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.web.forms import PageRequest
from souk.web.market import Market
from souk.web.pages.recommended import recommended
from souk.web.render import Pages
from souk.web.shell import Shell

TRIES: Final = ("sentence embeddings", "tell benign from malignant tumours", "handwritten digits")


LEAST_ROW: Final = 3
"""Fewer works than that are no row: what is next best stands there."""


@get("/")
async def home(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Search, kinds and categories, what may please, what is featured, wanted, curated and new."""
    fresh = await market.front.fresh(uow)
    popular = await market.front.popular(uow)
    is_trend = len(popular.trending) >= LEAST_ROW
    is_popular = not is_trend and len(popular.popular) >= LEAST_ROW
    return pages.answer(
        "pages/home.html",
        shell,
        tries=TRIES if fresh.total else (),
        recommended_works=await recommended(request, uow, actor, market),
        fresh=fresh,
        trending=popular.trending if is_trend else [],
        popular=popular.popular if is_popular else [],
    )


ROUTES = [home]
