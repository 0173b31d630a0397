"""HTTP: recommendations."""

from typing import Annotated

from litestar import get
from litestar.params import Parameter

from souk.discovery.recommendations.service import RecommendationService
from souk.infra.http.dependencies import Service
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.works.listings.api import Listings
from souk_client.contracts.recommendations import Recommendations, RelatedListings

_TAGS = ["discovery"]
Few = Annotated[int, Parameter(ge=1, le=50, description="how many at most")]


@get("/recommendations", tags=_TAGS, opt={"caller": "optional"})
async def recommend(
    uow: UnitOfWork,
    actor: Actor,
    recommendations: RecommendationService,
    listings: Service[Listings],
    listing_id: Annotated[
        str | None,
        Parameter(max_length=64, description="a listing that is being looked at right now"),
    ] = None,
    limit: Few = 12,
) -> Recommendations:
    """Works that may please the caller, each with its reason; nothing they own.

    By what they viewed, bought, liked and follow; for strangers by the listing they look at, and
    what is trending.
    """
    if listing_id is None:
        return await recommendations.recommend(uow, actor, limit=limit)
    await listings.get(uow, listing_id)
    return await recommendations.recommend(uow, actor, seen=[listing_id], limit=limit)


@get("/listings/{listing_id:str}/related", tags=_TAGS, opt={"caller": "optional"})
async def related(
    listing_id: str,
    uow: UnitOfWork,
    actor: Actor,
    recommendations: RecommendationService,
    listings: Service[Listings],
    limit: Few = 8,
) -> RelatedListings:
    """What is like a listing, and what is used together with it."""
    listing = await listings.get(uow, listing_id)
    return await recommendations.related(uow, actor, listing, limit=limit)


ROUTES = [recommend, related]
