"""The page of a listing, at `/{owner}/{slug}`."""

from typing import Final

from litestar import Response, get

from souk.infra.postgres.uow import UnitOfWork
from souk.insight.analytics.api import ListingViewed, visit_of
from souk.kernel.actor import Actor
from souk.people.organisations.api import country_name, named_regions
from souk.web.forms import Form, PageRequest
from souk.web.market import Market
from souk.web.pages import listing_diff, verify
from souk.web.pages.devices import how_files_leave
from souk.web.pages.listing_numbers import numbers
from souk.web.pages.listing_seo import seo_of
from souk.web.pages.listing_view import ListingView, Loader, shown_version
from souk.web.pages.lookup import FOUND_BY
from souk.web.pages.plugin import plugin_part
from souk.web.pages.recommended import related
from souk.web.pages.reviews import reviews_part
from souk.web.pages.verify import measured_part
from souk.web.render import Pages
from souk.web.seen import seen_cookie
from souk.web.shell import Shell
from souk_client.contracts.rights import Licence

MAX_HISTORY: Final = 30


async def buying(view: ListingView) -> dict[str, object]:
    """Offers, the visitor's own licence, and where they came from."""
    return {
        "offers": [offer for offer in view.listing.offers if offer.state == "active"],
        "licence": await _own_licence(view),
        "refund_days": view.market.refund_days,
        "via": view.request.query_params.get("via", "")[:96],
    }


async def selling_regions(view: ListingView) -> dict[str, object]:
    """Where the work is sold, and where the visitor buys from, when that matters."""
    regions = view.listing.regions
    billing = None
    if regions and view.actor.organisation_id is not None:
        billing = await view.market.billing.of(view.uow, view.actor.organisation_id)
    return {
        "sold_in": named_regions(list(regions)),
        "buys_from": country_name(billing.country) if billing else "",
        "is_served": not billing or billing.region in regions,
        "buys_alone": len(view.actor.memberships) < 2,
    }


async def names(view: ListingView) -> dict[str, object]:
    """The CID of what is given away, by which everybody may fetch it."""
    given_away = view.listing.state == "published" and any(
        offer.state == "active" and offer.price_minor == 0 and offer.terms.kind == "perpetual"
        for offer in view.listing.offers
    )
    if not given_away or view.latest is None or view.latest.published_at is None:
        return {"cid": None}
    return {"cid": await view.market.version_cids.root_of(view.uow, view.latest.id)}


async def provenance(view: ListingView) -> dict[str, object]:
    """The newest entries of the log about this listing."""
    history = await view.market.provenance.timeline(view.uow, view.listing.id)
    return {
        "history": list(reversed(history))[:MAX_HISTORY],
        "history_count": len(history),
        "anchor": await view.market.provenance.newest_anchor(view.uow),
        "copies": await view.market.lookups.copies(view.uow, view.listing.id),
        "found_by": FOUND_BY,
    }


LOADERS: Final[tuple[Loader, ...]] = (
    buying,
    selling_regions,
    numbers,
    measured_part,
    names,
    provenance,
    related,
    plugin_part,
    reviews_part,
    how_files_leave,
)
"""One for each part of the page that needs more than the listing itself."""


@get("/{owner:str}/{slug:str}")
async def listing_page(
    owner: str,
    slug: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Card, metrics, files, versions, licence, history and price."""
    listing = await market.listings.by_address(uow, owner, slug)
    view = ListingView(
        request=request,
        uow=uow,
        actor=actor,
        shell=shell,
        market=market,
        listing=listing,
        latest=shown_version(listing),
    )
    context: dict[str, object] = {
        "listing": listing,
        "latest": view.latest,
        "may_edit": view.may_edit,
    }
    for load in LOADERS:
        context.update(await load(view))
    images = await market.galleries.of(uow, listing.id)
    rating = context.get("aggregate_rating")
    context["images"] = images
    context["seo"] = seo_of(
        view, images=images, rating=rating if isinstance(rating, dict) else None
    )
    context["empty_form"] = Form()
    market.analytics.record(ListingViewed(listing_id=listing.id, visit=visit_of(request)))
    answer = pages.answer_with("pages/listing.html", shell, context)
    secure = market.settings.base_url.startswith("https://")
    seen = seen_cookie(request, listing.id, secure=secure)
    if seen is not None:
        answer.set_cookie(seen)
    return answer


async def _own_licence(view: ListingView) -> Licence | None:
    actor, market = view.actor, view.market
    if actor.user_id is None:
        return None
    grant = await market.licences.find_good(
        view.uow, list(actor.memberships), view.listing.id, user_id=actor.user_id
    )
    return await market.licences.get(view.uow, grant.licence_id) if grant else None


ROUTES = [listing_page, *listing_diff.ROUTES, *verify.ROUTES]
