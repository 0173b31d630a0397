"""Use cases of promotions."""

from souk.commerce.promotions import store
from souk.commerce.promotions.api import Discount, Purchase
from souk.commerce.promotions.model import check_good, check_request, normal_code
from souk.commerce.promotions.store import NewUse, PromotionRow
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, Forbidden, NotFound
from souk.kernel.ids import new_id
from souk.kernel.money import currency
from souk.kernel.paging import Page, decode_cursor, page_of
from souk.works.listings.api import Listings
from souk_client.contracts.promotions import (
    Promotion,
    PromotionQuote,
    PromotionQuoteRequest,
    PromotionRequest,
)


class PromotionService:
    """Implements `Promotions` and `PromotionDesk`."""

    def __init__(self, listings: Listings) -> None:
        self._listings = listings

    async def take(
        self, uow: UnitOfWork, purchase: Purchase, *, code: str, order_id: str
    ) -> Discount:
        """Uses a code for an order; see `Promotions.take`."""
        # The row is the seller's, and so is its count; the buyer's transaction names it exactly.
        async with uow.as_system():
            discount = await self._check(uow, purchase, code=code, lock=True)
            await store.use(
                uow,
                NewUse(
                    order_id=order_id,
                    promotion_id=discount.promotion_id,
                    code=discount.code,
                    buyer_organisation_id=purchase.buyer_organisation_id,
                    seller_organisation_id=purchase.seller_organisation_id,
                    list_price_minor=discount.list_price_minor,
                    discount_minor=discount.discount_minor,
                ),
            )
        return discount

    async def give_back(self, uow: UnitOfWork, order_id: str) -> None:
        """Returns the use of an order that is refunded; see `Promotions.give_back`."""
        async with uow.as_system():
            await store.give_back(uow, order_id)

    async def create(self, uow: UnitOfWork, actor: Actor, request: PromotionRequest) -> Promotion:
        """A new code.

        Raises:
            NotFound: `organisation_unknown`, `listing_unknown`. Forbidden: `not_manager`,
                `permission_missing`. Invalid: `promotion_invalid`, `currency_unknown`.
            Conflict: `promotion_code_taken`.
        """
        user_id = actor.require("marketplace:create_resource")
        organisation_id = self._managed(actor, request.organisation_id)
        check_request(request, now=uow.now)
        if request.listing_id is not None:
            listing = await self._listings.get(uow, request.listing_id)
            if listing.owner.id != organisation_id:
                raise NotFound("listing_unknown", "There is no such listing of this organisation.")
        row = PromotionRow(
            id=new_id("pro", uow.now),
            organisation_id=organisation_id,
            code=normal_code(request.code),
            listing_id=request.listing_id,
            percent_off=request.percent_off,
            amount_off_minor=request.amount_off_minor,
            currency=currency(request.currency).code if request.currency else None,
            minimum_price_minor=request.minimum_price_minor,
            starts_at=request.starts_at or uow.now,
            ends_at=request.ends_at,
            max_uses=request.max_uses,
            max_uses_per_buyer=request.max_uses_per_buyer,
            uses=0,
            ended_at=None,
            created_at=uow.now,
        )
        await store.insert(uow, row, created_by=user_id)
        return row.to_promotion(now=uow.now)

    async def page(
        self,
        uow: UnitOfWork,
        actor: Actor,
        *,
        organisation_id: str | None,
        cursor: str | None,
        limit: int,
    ) -> Page[Promotion]:
        """An organisation's codes, newest first. Raises NotFound `organisation_unknown`."""
        chosen = actor.acting_for(organisation_id)
        key = decode_cursor(cursor, size=1)
        before = str(key[0]) if key else None
        rows = await store.page(uow, chosen, before=before, limit=limit + 1)
        page = page_of(rows, limit=limit, key=lambda row: [row.id])
        return page.map(lambda row: row.to_promotion(now=uow.now))

    async def end(self, uow: UnitOfWork, actor: Actor, promotion_id: str) -> Promotion:
        """Stops a code; harmless when it is over already.

        Raises:
            NotFound: `promotion_unknown`. Forbidden: `not_manager`.
        """
        actor.require_user()
        row = await store.find(uow, promotion_id)
        if row is None or not actor.belongs_to(row.organisation_id):
            raise NotFound("promotion_unknown", "There is no such promotion of yours.")
        self._managed(actor, row.organisation_id)
        await store.end(uow, promotion_id)
        ended = await store.find(uow, promotion_id)
        assert ended is not None
        return ended.to_promotion(now=uow.now)

    async def quote(
        self, uow: UnitOfWork, actor: Actor, request: PromotionQuoteRequest
    ) -> PromotionQuote:
        """What an offer would cost with a code.

        Raises:
            NotFound: `listing_unknown`, `offer_unknown`, `promotion_unknown`,
                `organisation_unknown`. Conflict: as `Promotions.take` and `Listings.for_sale`.
        """
        buyer_id = actor.acting_for(request.organisation_id)
        item = await self._listings.for_sale(uow, request.listing_id, request.offer_id)
        purchase = Purchase(
            listing_id=item.listing_id,
            seller_organisation_id=item.owner.id,
            buyer_organisation_id=buyer_id,
            price_minor=item.offer.price_minor,
            currency=item.offer.currency,
        )
        async with uow.as_system():
            discount = await self._check(uow, purchase, code=request.code, lock=False)
        return PromotionQuote(
            listing_id=item.listing_id,
            offer_id=item.offer.id,
            code=discount.code,
            list_price_minor=discount.list_price_minor,
            discount_minor=discount.discount_minor,
            price_minor=discount.price_minor,
            currency=item.offer.currency,
        )

    async def _check(
        self, uow: UnitOfWork, purchase: Purchase, *, code: str, lock: bool
    ) -> Discount:
        wanted = normal_code(code)
        row = await store.by_code(
            uow, organisation_id=purchase.seller_organisation_id, code=wanted, lock=lock
        )
        if row is None:
            raise NotFound("promotion_unknown", f"This seller has no code {wanted}.")
        if not purchase.price_minor:
            raise Conflict("promotion_not_for_this", "This costs nothing already.")
        used = await store.uses_of_buyer(uow, row.id, buyer_id=purchase.buyer_organisation_id)
        discount_minor = check_good(
            row,
            listing_id=purchase.listing_id,
            price_minor=purchase.price_minor,
            price_currency=purchase.currency,
            uses_of_buyer=used,
            now=uow.now,
        )
        return Discount(
            promotion_id=row.id,
            code=row.code,
            list_price_minor=purchase.price_minor,
            discount_minor=discount_minor,
            price_minor=purchase.price_minor - discount_minor,
        )

    def _managed(self, actor: Actor, organisation_id: str | None) -> str:
        chosen = actor.acting_for(organisation_id)
        if not actor.manages(chosen):
            raise Forbidden("not_manager", "Only owners and managers keep promotions.")
        return chosen
