"""HTTP: reviews of a listing, and what others make of them."""

from typing import Annotated

from litestar import delete, get, patch, post, put
from litestar.params import Parameter

from souk.discovery.reviews.service import ReviewService
from souk.infra.http.paging import Limit
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import DEFAULT_LIMIT
from souk_client.contracts.reviews import (
    RatingSummary,
    ReplyRequest,
    Review,
    ReviewHistory,
    ReviewPage,
    ReviewRequest,
    ReviewSort,
    ReviewUpdate,
    Vote,
)

_TAGS = ["reviews"]
_OPEN = {"caller": "optional"}
Stars = Annotated[int | None, Parameter(ge=1, le=5, description="only reviews with these stars")]
OfVersion = Annotated[
    str | None, Parameter(max_length=64, description="only reviews of this version")
]


@get("/listings/{listing_id:str}/reviews", tags=_TAGS, opt=_OPEN)
async def list_reviews(
    listing_id: str,
    uow: UnitOfWork,
    actor: Actor,
    reviews: ReviewService,
    sort: ReviewSort = "helpful",
    stars: Stars = None,
    version: OfVersion = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> ReviewPage:
    """Reviews of a listing by holders of a licence, and its rating."""
    return await reviews.page(
        uow,
        actor,
        listing_id,
        sort=sort,
        stars=stars,
        version=version,
        cursor=cursor,
        limit=limit,
    )


@get("/listings/{listing_id:str}/rating", tags=_TAGS)
async def get_rating(listing_id: str, uow: UnitOfWork, reviews: ReviewService) -> RatingSummary:
    """How a listing is rated; count 0 when nobody has."""
    return await reviews.rating(uow, listing_id)


@post("/listings/{listing_id:str}/reviews", tags=_TAGS)
async def write_review(
    listing_id: str, data: ReviewRequest, uow: UnitOfWork, actor: Actor, reviews: ReviewService
) -> Review:
    """A review by a holder of a licence: one a buyer and version."""
    return await reviews.write(uow, actor, listing_id, data)


@get("/reviews/{review_id:str}", tags=_TAGS, opt=_OPEN)
async def get_review(
    review_id: str, uow: UnitOfWork, actor: Actor, reviews: ReviewService
) -> Review:
    """One review; a hidden one only for its author and for admins."""
    return await reviews.get(uow, actor, review_id)


@get("/reviews/{review_id:str}/history", tags=_TAGS, opt=_OPEN)
async def get_history(
    review_id: str, uow: UnitOfWork, actor: Actor, reviews: ReviewService
) -> ReviewHistory:
    """Every form that a review had before an edit, the oldest first."""
    return await reviews.history(uow, actor, review_id)


@patch("/reviews/{review_id:str}", tags=_TAGS)
async def edit_review(
    review_id: str, data: ReviewUpdate, uow: UnitOfWork, actor: Actor, reviews: ReviewService
) -> Review:
    """Changes the caller's own review; the form before stays readable."""
    return await reviews.edit(uow, actor, review_id, data)


@delete("/reviews/{review_id:str}", tags=_TAGS)
async def delete_review(
    review_id: str, uow: UnitOfWork, actor: Actor, reviews: ReviewService
) -> None:
    """Takes the caller's own review from sight for good; it no longer counts."""
    await reviews.withdraw(uow, actor, review_id)


@put("/reviews/{review_id:str}/reply", tags=_TAGS)
async def reply_to_review(
    review_id: str, data: ReplyRequest, uow: UnitOfWork, actor: Actor, reviews: ReviewService
) -> Review:
    """The seller's one answer, or a change of it; for owners and managers of the seller."""
    return await reviews.reply(uow, actor, review_id, data)


@delete("/reviews/{review_id:str}/reply", tags=_TAGS, status_code=200)
async def remove_reply(
    review_id: str, uow: UnitOfWork, actor: Actor, reviews: ReviewService
) -> Review:
    """Takes the seller's answer back; harmless when there is none."""
    return await reviews.remove_reply(uow, actor, review_id)


@put("/reviews/{review_id:str}/vote", tags=_TAGS)
async def vote_helpful(
    review_id: str, uow: UnitOfWork, actor: Actor, reviews: ReviewService
) -> Vote:
    """Finds a review helpful: one vote a person, never for one's own; harmless to repeat."""
    return await reviews.vote(uow, actor, review_id, helpful=True)


@delete("/reviews/{review_id:str}/vote", tags=_TAGS, status_code=200)
async def take_vote_back(
    review_id: str, uow: UnitOfWork, actor: Actor, reviews: ReviewService
) -> Vote:
    """Takes the vote back; harmless when there is none."""
    return await reviews.vote(uow, actor, review_id, helpful=False)


ROUTES = [
    list_reviews,
    get_rating,
    write_review,
    get_review,
    get_history,
    edit_review,
    delete_review,
    reply_to_review,
    remove_reply,
    vote_helpful,
    take_vote_back,
]
