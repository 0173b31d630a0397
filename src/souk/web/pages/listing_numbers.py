"""A listing's numbers, which change while somebody looks at them."""

import msgspec
from litestar import Response, get

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import NotFound
from souk.kernel.ids import is_id
from souk.web.market import Market
from souk.web.pages.listing_view import ListingView
from souk.web.render import Pages
from souk.web.shell import Shell


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """How a listing is doing, as everybody may see it."""

    sales: int
    downloads: int
    favourites: int
    reviews: int
    stars: float
    """The mean of its reviews; 0 without any."""


async def numbers(view: ListingView) -> dict[str, object]:
    """For the listing's own page."""
    listing = view.listing
    found = await _numbers(
        view.uow, view.market, listing.id, sales=listing.sales, downloads=listing.downloads
    )
    return {"numbers": found}


@get("/fragments/listing/{listing_id:str}/numbers")
async def numbers_fragment(
    listing_id: str, uow: UnitOfWork, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """The numbers alone, for a page that shows them to renew them."""
    found = await market.listings.summaries(uow, [listing_id]) if is_id(listing_id, "lst") else {}
    listing = found.get(listing_id)
    if listing is None:
        raise NotFound("listing_unknown", "There is no such listing.")
    return pages.answer(
        "components/listing_numbers.html",
        shell,
        numbers=await _numbers(
            uow, market, listing_id, sales=listing.sales, downloads=listing.downloads
        ),
    )


async def _numbers(
    uow: UnitOfWork, market: Market, listing_id: str, *, sales: int, downloads: int
) -> Numbers:
    ratings = await market.reviews.summaries(uow, [listing_id])
    favourites = await market.collections.favourite_counts(uow, [listing_id])
    rating = ratings.get(listing_id)
    return Numbers(
        sales=sales,
        downloads=downloads,
        favourites=favourites.get(listing_id, 0),
        reviews=rating.count if rating else 0,
        stars=rating.mean or 0.0 if rating else 0.0,
    )


ROUTES = [numbers_fragment]
