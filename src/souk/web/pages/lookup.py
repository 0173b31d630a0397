"""Look-up of a file by its hash: who published it first, who has rights in it, what is like it."""

import re
from typing import Final

from litestar import Response, get

from souk.infra.postgres.uow import UnitOfWork
from souk.web.forms import PageRequest
from souk.web.market import Market
from souk.web.render import Pages
from souk.web.shell import Shell

HERE: Final = "/lookup"
FOUND_BY: Final = {
    "bytes": "the same file",
    "chunks": "pieces of the same content",
    "tensors": "the same weights",
    "shapes": "nearly the same weights",
}
_HASH: Final = re.compile("[0-9a-f]{64}")


@get(HERE)
async def lookup_page(
    request: PageRequest, uow: UnitOfWork, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """The form, and below it what is known of the file that was asked for."""
    asked = request.query_params.get("sha256", "").strip().lower().removeprefix("sha256:")[:200]
    is_hash = _HASH.fullmatch(asked) is not None
    return pages.answer(
        "pages/lookup.html",
        shell,
        status=200 if is_hash or not asked else 422,
        asked=asked,
        found=await market.lookups.file(uow, asked) if is_hash else None,
        found_by=FOUND_BY,
    )


ROUTES = [lookup_page]
