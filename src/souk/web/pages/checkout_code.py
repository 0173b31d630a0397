"""The code that a buyer types at the checkout, and what it is good for."""

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import read
from souk.web.market import Market
from souk.works.listings.api import SaleItem
from souk_client.contracts.promotions import PromotionQuote, PromotionQuoteRequest


class CheckoutCode(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed, and what it takes off or why it does not."""

    typed: str = ""
    quote: PromotionQuote | None = None
    problem: str = ""


async def read_code(
    uow: UnitOfWork, actor: Actor, market: Market, item: SaleItem, *, typed: str
) -> CheckoutCode:
    """Asks what the code is good for; it is not used by that."""
    shown = typed.strip()[:32]
    if not shown:
        return CheckoutCode()
    request, _ = read(
        PromotionQuoteRequest,
        {"listing_id": item.listing_id, "offer_id": item.offer.id, "code": shown},
    )
    if request is None:
        return CheckoutCode(typed=shown, problem="This is no code: use its letters and digits.")
    try:
        quote = await market.promotions.quote(uow, actor, request)
    except SoukError as error:
        return CheckoutCode(typed=shown, problem=error.detail)
    return CheckoutCode(typed=shown, quote=quote)
