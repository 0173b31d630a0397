"""Codes with which works cost less."""

from souk_client.contracts.base import PageAnswer
from souk_client.contracts.promotions import (
    Promotion,
    PromotionQuote,
    PromotionQuoteRequest,
    PromotionRequest,
)
from souk_client.sdk.call import Call, Endpoint, Namespace, S, api


def create_promotion(
    promotion: PromotionRequest, *, idempotency_key: str | None = None
) -> Call[Promotion]:
    """A new code of an organisation that the caller manages."""
    return Call(
        method="POST",
        path=api("promotions"),
        answer=Promotion,
        body=promotion,
        idempotency_key=idempotency_key,
    )


def list_promotions(
    *,
    organisation_id: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Call[PageAnswer[Promotion]]:
    """The codes of one of the caller's organisations, newest first."""
    query = {"organisation_id": organisation_id, "cursor": cursor, "limit": limit}
    return Call(method="GET", path=api("promotions"), answer=PageAnswer[Promotion], query=query)


def end_promotion(promotion_id: str) -> Call[Promotion]:
    """Stops a code."""
    return Call(method="POST", path=api("promotions", promotion_id, "end"), answer=Promotion)


def quote_promotion(quote: PromotionQuoteRequest) -> Call[PromotionQuote]:
    """What an offer costs with a code, without using it."""
    return Call(method="POST", path=api("promotions", "quote"), answer=PromotionQuote, body=quote)


class Promotions(Namespace[S]):
    """Codes of a seller."""

    create = Endpoint(create_promotion)
    list = Endpoint(list_promotions)
    end = Endpoint(end_promotion)
    quote = Endpoint(quote_promotion)
