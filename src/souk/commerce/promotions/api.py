"""What orders and pages may ask of promotions."""

from typing import Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import Page
from souk_client.contracts.promotions import (
    Promotion,
    PromotionQuote,
    PromotionQuoteRequest,
    PromotionRequest,
)

__all__ = [
    "Discount",
    "Promotion",
    "PromotionDesk",
    "PromotionQuote",
    "PromotionQuoteRequest",
    "PromotionRequest",
    "Promotions",
    "Purchase",
]


class Purchase(msgspec.Struct, frozen=True, kw_only=True):
    """What a code is to be used for."""

    listing_id: str
    seller_organisation_id: str
    buyer_organisation_id: str
    price_minor: int
    """As listed."""
    currency: str


class Discount(msgspec.Struct, frozen=True, kw_only=True):
    """What a code takes off a price, once it was taken."""

    promotion_id: str
    code: str
    list_price_minor: int
    discount_minor: int
    price_minor: int
    """What is left to pay, and what is divided."""


class Promotions(Protocol):
    """Codes inside a sale."""

    async def take(
        self, uow: UnitOfWork, purchase: Purchase, *, code: str, order_id: str
    ) -> Discount:
        """Uses a code for an order of this transaction; undone with it.

        Purchases with the same code follow each other from here to the end of their transactions,
        so that no code is used more often than it may be.

        Raises:
            NotFound: `promotion_unknown`.
            Conflict: `promotion_not_started`, `promotion_over`, `promotion_used_up`,
                `promotion_not_for_this`.
        """
        ...

    async def give_back(self, uow: UnitOfWork, order_id: str) -> None:
        """Returns the use of an order that is refunded; nothing for one without a code."""
        ...


class PromotionDesk(Protocol):
    """Codes as sellers keep them, and as buyers ask about them."""

    async def create(self, uow: UnitOfWork, actor: Actor, request: PromotionRequest) -> Promotion:
        """A new code of an organisation that the caller manages."""
        ...

    async def page(
        self,
        uow: UnitOfWork,
        actor: Actor,
        *,
        organisation_id: str | None,
        cursor: str | None,
        limit: int,
    ) -> Page[Promotion]:
        """An organisation's codes, newest first."""
        ...

    async def end(self, uow: UnitOfWork, actor: Actor, promotion_id: str) -> Promotion:
        """Stops a code."""
        ...

    async def quote(
        self, uow: UnitOfWork, actor: Actor, request: PromotionQuoteRequest
    ) -> PromotionQuote:
        """What an offer would cost with a code, without using it."""
        ...
