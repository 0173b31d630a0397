"""HTTP: promotions of a seller, and what a code is good for."""

from typing import Annotated

from litestar import get, post
from litestar.params import Parameter

from souk.commerce.promotions.service import PromotionService
from souk.infra.http.paging import Limit
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import DEFAULT_LIMIT
from souk_client.contracts.base import PageAnswer
from souk_client.contracts.promotions import (
    Promotion,
    PromotionQuote,
    PromotionQuoteRequest,
    PromotionRequest,
)

_TAGS = ["commerce"]


@post("/promotions", tags=_TAGS)
async def create_promotion(
    data: PromotionRequest, uow: UnitOfWork, actor: Actor, promotions: PromotionService
) -> Promotion:
    """A new code of an organisation that the caller manages. What it is worth never changes."""
    return await promotions.create(uow, actor, data)


@get("/promotions", tags=_TAGS)
async def list_promotions(
    uow: UnitOfWork,
    actor: Actor,
    promotions: PromotionService,
    organisation_id: Annotated[str | None, Parameter(max_length=64)] = None,
    cursor: Annotated[str | None, Parameter(max_length=300)] = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageAnswer[Promotion]:
    """The codes of one of the caller's organisations, newest first."""
    page = await promotions.page(
        uow, actor, organisation_id=organisation_id, cursor=cursor, limit=limit
    )
    return PageAnswer(items=page.items, next_cursor=page.next_cursor)


@post("/promotions/{promotion_id:str}/end", tags=_TAGS, status_code=200)
async def end_promotion(
    promotion_id: str, uow: UnitOfWork, actor: Actor, promotions: PromotionService
) -> Promotion:
    """Stops a code; orders that used it stay as they are."""
    return await promotions.end(uow, actor, promotion_id)


@post("/promotions/quote", tags=_TAGS, status_code=200)
async def quote_promotion(
    data: PromotionQuoteRequest, uow: UnitOfWork, actor: Actor, promotions: PromotionService
) -> PromotionQuote:
    """What an offer costs with a code, without using it."""
    return await promotions.quote(uow, actor, data)


ROUTES = [create_promotion, list_promotions, end_promotion, quote_promotion]
"""Under /api/v1."""
