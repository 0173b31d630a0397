"""Step 5: a last look, then the work is public."""

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import Form
from souk.web.market import Market
from souk.web.pages.addresses import see_other
from souk.web.pages.publish.draft import draft, steps
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.works import Listing, ListingSummary


@get("/publish/{listing_id:str}/review")
async def review_page(
    listing_id: str, uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """Everything once more, and what is still missing."""
    listing = await draft(uow, actor, market, listing_id)
    return await _page(uow, shell, pages, market, listing, Form())


@post("/publish/{listing_id:str}/publish")
async def publish(
    listing_id: str,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Shows the work to everyone."""
    listing = await draft(uow, actor, market, listing_id)
    try:
        await market.publisher.publish(uow, actor, listing_id)
    except SoukError as error:
        form = Form().refused(error)
        return await _page(uow, shell, pages, market, listing, form, status=error.status)
    return see_other(f"/{listing.address}")


@post("/publish/{listing_id:str}/retire")
async def retire(listing_id: str, uow: UnitOfWork, actor: Actor, market: Market) -> Redirect:
    """Takes the work off the market."""
    await draft(uow, actor, market, listing_id)
    await market.editor.retire(uow, actor, listing_id)
    return see_other("/selling")


def missing(listing: Listing) -> list[tuple[str, str]]:
    """What a published listing needs and this one lacks, and where to mend it."""
    here = f"/publish/{listing.id}"
    wants = (
        (bool(listing.versions), "Add at least one file", f"{here}/files"),
        (bool(listing.licence), "Name the licence of the content", f"{here}/price"),
        (any(o.state == "active" for o in listing.offers), "Set a price, or free", f"{here}/price"),
        (bool(listing.card.strip()), "Write the card", f"{here}/details"),
    )
    return [(words, href) for there, words, href in wants if not there]


async def _page(
    uow: UnitOfWork,
    shell: Shell,
    pages: Pages,
    market: Market,
    listing: Listing,
    form: Form,
    *,
    status: int = 200,
) -> Response[str]:
    summaries = await market.listings.summaries(uow, [listing.id])
    return pages.answer(
        "pages/publish/review.html",
        shell,
        status=status,
        step_names=steps(listing.id),
        listing=listing,
        latest=listing.versions[0] if listing.versions else None,
        offers=[offer for offer in listing.offers if offer.state == "active"],
        summary=summaries.get(listing.id) or _summary_of(listing),
        missing=missing(listing),
        form=form,
    )


def _summary_of(listing: Listing) -> ListingSummary:
    prices = [offer for offer in listing.offers if offer.state == "active"]
    lowest = min(prices, key=lambda offer: offer.price_minor, default=None)
    return ListingSummary(
        id=listing.id,
        address=listing.address,
        owner=listing.owner,
        kind=listing.kind,
        title=listing.title,
        summary=listing.summary,
        licence=listing.licence,
        task=listing.task,
        tags=listing.tags,
        state=listing.state,
        price_minor=lowest.price_minor if lowest else None,
        currency=lowest.currency if lowest else None,
        version=listing.versions[0].version if listing.versions else None,
        sales=listing.sales,
        downloads=listing.downloads,
        updated_at=listing.updated_at,
        published_at=listing.published_at,
    )


ROUTES = [review_page, publish, retire]
