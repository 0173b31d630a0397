"""A purchase with a code: the item at the price that is left to pay."""

import msgspec

from souk.commerce.promotions.api import Discount, Promotions, Purchase
from souk.infra.postgres.uow import UnitOfWork
from souk.works.listings.api import SaleItem


async def reduce(
    uow: UnitOfWork,
    promotions: Promotions,
    item: SaleItem,
    *,
    code: str | None,
    buyer_id: str,
    order_id: str,
) -> tuple[SaleItem, Discount | None]:
    """Uses the code in this transaction; all that follows knows the reduced price only."""
    if code is None:
        return item, None
    purchase = Purchase(
        listing_id=item.listing_id,
        seller_organisation_id=item.owner.id,
        buyer_organisation_id=buyer_id,
        price_minor=item.offer.price_minor,
        currency=item.offer.currency,
    )
    discount = await promotions.take(uow, purchase, code=code, order_id=order_id)
    offer = msgspec.structs.replace(item.offer, price_minor=discount.price_minor)
    return msgspec.structs.replace(item, offer=offer), discount
