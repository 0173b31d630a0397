"""What changed between two versions, at `/{owner}/{slug}/diff`."""

from litestar import Response, get

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import NotFound
from souk.web.forms import PageRequest
from souk.web.market import Market
from souk.web.render import Pages
from souk.web.shell import Shell

MAX_VERSION = 64


@get("/{owner:str}/{slug:str}/diff")
async def diff_page(
    owner: str,
    slug: str,
    request: PageRequest,
    uow: UnitOfWork,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Files, metrics and card of two versions; the two newest when none are named."""
    listing = await market.listings.by_address(uow, owner, slug)
    numbers = [version.version for version in listing.versions]
    if not numbers:
        raise NotFound("version_unknown", "There is no such version, or it is not public.")
    to_version = request.query_params.get("to", numbers[0])[:MAX_VERSION]
    earlier = numbers[min(1, len(numbers) - 1)]
    from_version = request.query_params.get("from", earlier)[:MAX_VERSION]
    diff = await market.version_diffs.diff(
        uow, listing.id, from_version=from_version, to_version=to_version
    )
    shown = list(dict.fromkeys([*numbers, diff.from_version, diff.to_version]))
    return pages.answer("pages/listing_diff.html", shell, listing=listing, diff=diff, numbers=shown)


ROUTES = [diff_page]
