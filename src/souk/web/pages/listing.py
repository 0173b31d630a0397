"""The page of a listing, at `/{owner}/{slug}`."""

from litestar import Response, get

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.web.forms import PageRequest
from souk.web.market import Market
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.rights import Licence
from souk_client.contracts.works import Listing, Version

MAX_HISTORY = 30


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
    history = await market.provenance.timeline(uow, listing.id)
    return pages.answer(
        "pages/listing.html",
        shell,
        listing=listing,
        latest=current_version(listing),
        offers=[offer for offer in listing.offers if offer.state == "active"],
        licence=await _own_licence(uow, actor, market, listing),
        may_edit=actor.manages(listing.owner.id),
        refund_days=market.refund_days,
        history=list(reversed(history))[:MAX_HISTORY],
        history_count=len(history),
        via=request.query_params.get("via", "")[:96],
    )


def current_version(listing: Listing) -> Version | None:
    """What a buyer gets; of a draft, what a buyer would get. Sellers see later versions too."""
    published = (version for version in listing.versions if version.published_at)
    return next(published, listing.versions[0] if listing.versions else None)


async def _own_licence(
    uow: UnitOfWork, actor: Actor, market: Market, listing: Listing
) -> Licence | None:
    if actor.user_id is None:
        return None
    grant = await market.licences.find_good(
        uow, list(actor.memberships), listing.id, user_id=actor.user_id
    )
    return await market.licences.get(uow, grant.licence_id) if grant else None


ROUTES = [listing_page]
