"""What may please: on the front page, and on the page of a listing."""

from typing import Final

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.web.forms import PageRequest
from souk.web.market import Market
from souk.web.pages.listing_view import ListingView
from souk.web.seen import read_seen
from souk_client.contracts.recommendations import Recommendation

ROW: Final = 4


async def recommended(
    request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> list[Recommendation]:
    """For somebody who did something before; for the others the front page has enough."""
    seen = read_seen(request)
    if actor.user_id is None and not seen:
        return []
    found = await market.recommendations.recommend(uow, actor, seen=seen, limit=ROW)
    return found.items if found.personal else []


async def related(view: ListingView) -> dict[str, object]:
    """What is like the listing, what goes with it, and what the visitor keeps of it."""
    market, listing = view.market, view.listing
    found = await market.recommendations.related(view.uow, view.actor, listing, limit=ROW)
    counts = await market.collections.favourite_counts(view.uow, [listing.id])
    own = []
    if view.actor.organisation_id is not None:
        page = await market.collections.of_organisation(
            view.uow, view.actor, view.actor.organisation_id, limit=20
        )
        own = page.items
    return {
        "similar": found.similar,
        "complementary": found.complementary,
        "favourites": counts.get(listing.id, 0),
        "follow": await market.collections.follow_state(view.uow, view.actor, listing.owner.slug),
        "own_collections": own,
    }
