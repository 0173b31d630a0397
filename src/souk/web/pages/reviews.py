"""Reviews: their part of a listing's page, all of them at `/{owner}/{slug}/reviews`, one by one."""

from collections.abc import Mapping
from typing import Final, cast

import msgspec
from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import Form, PageRequest, posted, read
from souk.web.market import Market
from souk.web.pages.acting import organisation_choices
from souk.web.pages.addresses import Paging, paging, see_other, with_query
from souk.web.pages.listing_view import ListingView
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.reviews import RatingSummary, ReviewRequest, ReviewSort
from souk_client.contracts.works import Listing

SHOWN_ON_LISTING: Final = 3
PAGE_SIZE: Final = 20
SORTS: Final = {
    "helpful": "Most helpful",
    "newest": "Newest",
    "highest": "Best first",
    "lowest": "Worst first",
}
_FIELDS: Final = {"text_invalid": "text", "version_unknown": "version"}
_WRITTEN: Final = ("stars", "text", "version", "organisation_id")


def aggregate_rating(rating: RatingSummary) -> dict[str, object] | None:
    """What schema.org calls an `AggregateRating`, for the page's JSON-LD; None without a rating."""
    if rating.mean is None:
        return None
    return {
        "@type": "AggregateRating",
        "ratingValue": round(rating.mean, 2),
        "ratingCount": rating.count,
        "bestRating": 5,
        "worstRating": 1,
    }


async def reviews_part(view: ListingView) -> Mapping[str, object]:
    """The rating, the most helpful reviews and the visitor's own, for the listing's page."""
    page = await view.market.reviews.page(
        view.uow, view.actor, view.listing.id, limit=SHOWN_ON_LISTING
    )
    return {
        **await _around(view.uow, view.actor, view.market, view.listing),
        "rating": page.rating,
        "aggregate_rating": aggregate_rating(page.rating),
        "reviews": page.items,
    }


@get("/{owner:str}/{slug:str}/reviews")
async def reviews_page(
    owner: str,
    slug: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Every review of a listing, in the order asked for."""
    listing = await market.listings.by_address(uow, owner, slug)
    context = await _all_reviews(request, uow, actor, market, listing)
    return pages.answer_with("pages/reviews.html", shell, context)


@post("/{owner:str}/{slug:str}/reviews")
async def write_review(
    owner: str,
    slug: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Writes a review, and leads to it."""
    actor.require_user()
    fields = await posted(request)
    listing = await market.listings.by_address(uow, owner, slug)
    context = await _all_reviews(request, uow, actor, market, listing)
    wish, errors = read(ReviewRequest, {name: fields.get(name) for name in _WRITTEN})
    form, status = fields.form(), 422
    if wish is not None:
        try:
            review = await market.reviews.write(uow, actor, listing.id, wish)
        except SoukError as error:
            form, status = form.refused(error, _FIELDS), error.status
        else:
            return see_other(f"/{listing.address}/reviews?sort=newest#{review.id}")
    form = msgspec.structs.replace(form, errors={**errors, **form.errors})
    context = {**context, "review_form": form, "may_review": True}
    return pages.answer_with("pages/reviews.html", shell, context, status=status)


async def _all_reviews(
    request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market, listing: Listing
) -> dict[str, object]:
    asked = request.query_params
    sort = asked.get("sort", "")
    sort = sort if sort in SORTS else "helpful"
    stars = asked.get("stars", "")
    stars = stars if stars in {"1", "2", "3", "4", "5"} else ""
    version = asked.get("version", "")[:64]
    cursor = asked.get("cursor") or None
    page = await market.reviews.page(
        uow,
        actor,
        listing.id,
        sort=cast(ReviewSort, sort),
        stars=int(stars) if stars else None,
        version=version or None,
        cursor=cursor,
        limit=PAGE_SIZE,
    )
    path = f"/{listing.address}/reviews"
    kept = {"sort": sort if sort != "helpful" else "", "stars": stars, "version": version}
    return {
        **await _around(uow, actor, market, listing),
        "rating": page.rating,
        "reviews": page.items,
        "sort": sort,
        "sorts": SORTS,
        "stars": stars,
        "version": version,
        "versions": await market.reviews.versions(uow, listing.id),
        "star_links": {
            str(number): with_query(path, {**kept, "stars": str(number)}) for number in range(1, 6)
        },
        "all_link": with_query(path, {**kept, "stars": ""}),
        "paging": _paging(path, cursor, page.next_cursor, kept),
    }


def _paging(
    path: str, cursor: str | None, next_cursor: str | None, kept: Mapping[str, str]
) -> Paging:
    return paging(path, cursor, next_cursor, **kept)


async def _around(
    uow: UnitOfWork, actor: Actor, market: Market, listing: Listing
) -> dict[str, object]:
    """What a visitor may do about the reviews of a listing."""
    signed_in = actor.user_id is not None
    return {
        "listing": listing,
        "own_reviews": await market.reviews.mine(uow, actor, listing.id),
        "may_review": await market.reviews.may_review(uow, actor, listing.id),
        "may_reply": actor.manages(listing.owner.id),
        "of_seller": actor.belongs_to(listing.owner.id),
        "reviewing_for": await organisation_choices(uow, actor, market) if signed_in else [],
        "review_form": Form(),
    }


ROUTES = [reviews_page, write_review]
