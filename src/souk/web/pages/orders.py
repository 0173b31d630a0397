"""Checkout and receipts."""

from typing import Final

from litestar import MediaType, Response, get, post
from litestar.response import Redirect

from souk.commerce.chain_sales.api import ChainQuote
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.analytics.api import CheckoutStarted, visit_of
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.people.organisations.api import COUNTRIES, country_name, named_regions
from souk.web.forms import Form, PageRequest, posted
from souk.web.market import Market
from souk.web.pages.acting import organisation_choices
from souk.web.pages.addresses import see_other
from souk.web.pages.chain_checkout import chain_name, chain_rates, quote_choices
from souk.web.pages.checkout_code import CheckoutCode, read_code
from souk.web.render import Pages
from souk.web.shell import Shell
from souk.works.listings.api import SaleItem
from souk_client.contracts.commerce import OrderRequest

_FIELDS: Final = dict.fromkeys(
    ("country_unknown", "country_needed", "region_not_served"), "country"
)


@get("/checkout/{listing_id:str}")
async def checkout_page(
    listing_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """What will be bought, for how much, and what the wallet holds."""
    actor.require_user()
    query = request.query_params
    item = await market.listings.for_sale(uow, listing_id, query.get("offer") or None)
    code = await read_code(uow, actor, market, item, typed=query.get("code", ""))
    via = query.get("via", "")
    checkout = await _Checkout.of(uow, actor, market, item, affiliate=via, code=code)
    market.analytics.record(CheckoutStarted(listing_id=item.listing_id, visit=visit_of(request)))
    return checkout.answer(pages, shell, Form())


@post("/checkout/{listing_id:str}", opt={"idempotency": "required"})
async def pay(
    listing_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Buys it at the price that was shown."""
    actor.require_user()
    fields = await posted(request)
    item = await market.listings.for_sale(uow, listing_id, fields.get("offer") or None)
    affiliate = fields.get("affiliate")
    code = await read_code(uow, actor, market, item, typed=fields.get("code"))
    checkout = await _Checkout.of(uow, actor, market, item, affiliate=affiliate, code=code)
    if code.problem:
        return checkout.answer(pages, shell, fields.form(), status=422)
    buyer_id = fields.get("organisation_id") or None
    country = fields.get("country")
    shown = fields.get("price")
    wish = OrderRequest(
        listing_id=listing_id,
        offer_id=item.offer.id,
        organisation_id=buyer_id,
        affiliate=affiliate or None,
        promotion_code=code.typed or None,
        expected_price_minor=int(shown) if shown.isascii() and shown.isdigit() else None,
        expected_currency=fields.get("currency") or None,
    )
    try:
        if country:
            buyer = actor.acting_for(buyer_id)
            await market.billing.state(uow, actor, buyer, country=country)
        order = await market.orders.place(uow, actor, wish)
    except SoukError as error:
        form = fields.form().refused(error, _FIELDS)
        return checkout.answer(pages, shell, form, status=error.status)
    return see_other(f"/orders/{order.id}?new=1")


@get("/orders/{order_id:str}")
async def receipt_page(
    order_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """The receipt, for either party."""
    actor.require_user()
    order = await market.orders.get(uow, actor, order_id)
    sale = None
    if order.payment == "chain":
        sale = await market.chain_sales.of_order(uow, actor, order_id)
    return pages.answer(
        "pages/receipt.html",
        shell,
        order=order,
        chain_sale=sale,
        chain_name=chain_name(sale.chain) if sale else "",
        shares=[share for share in order.shares if share.amount_minor],
        is_buyer=actor.belongs_to(order.buyer.id),
        fresh="new" in request.query_params,
    )


@get("/orders/{order_id:str}/receipt.txt", media_type=MediaType.TEXT)
async def receipt_text(
    order_id: str, uow: UnitOfWork, actor: Actor, market: Market
) -> Response[str]:
    """The receipt as plain text."""
    actor.require_user()
    receipt = await market.orders.receipt(uow, actor, order_id)
    name = f'attachment; filename="{receipt.number}.txt"'
    return Response(receipt.text, media_type=MediaType.TEXT, headers={"content-disposition": name})


@post("/orders/{order_id:str}/refund", opt={"idempotency": "required"})
async def refund(order_id: str, uow: UnitOfWork, actor: Actor, market: Market) -> Redirect:
    """Gives the work back; the money returns to the wallet."""
    await market.orders.refund(uow, actor, order_id, reason="given back on the page")
    return see_other(f"/orders/{order_id}")


class _Checkout:
    """What the checkout page shows; gathered before anything is tried."""

    def __init__(
        self,
        item: SaleItem,
        *,
        available_minor: int,
        affiliate: str,
        code: CheckoutCode,
        organisations: list[tuple[str, str]],
        country: str,
        chain_quotes: list[ChainQuote],
    ) -> None:
        self._item = item
        self._available_minor = available_minor
        self._affiliate = affiliate
        self._code = code
        self._organisations = organisations
        self._country = country
        self._chain_quotes = chain_quotes

    @classmethod
    async def of(
        cls,
        uow: UnitOfWork,
        actor: Actor,
        market: Market,
        item: SaleItem,
        *,
        affiliate: str,
        code: CheckoutCode,
    ) -> "_Checkout":
        balances = await market.ledger.balances(uow, actor.acting_for(None))
        billing = await market.billing.of(uow, actor.acting_for(None)) if item.regions else None
        available = (b.available_minor for b in balances if b.currency == item.offer.currency)
        pay_minor = code.quote.price_minor if code.quote else item.offer.price_minor
        return cls(
            item,
            available_minor=next(available, 0),
            affiliate=affiliate[:96],
            code=code,
            organisations=await organisation_choices(uow, actor, market),
            country=billing.country if billing else "",
            chain_quotes=await market.chain_sales.quotes(
                uow, price_minor=pay_minor, currency=item.offer.currency
            ),
        )

    def answer(self, pages: Pages, shell: Shell, form: Form, *, status: int = 200) -> Response[str]:
        offer = self._item.offer
        # With several organisations another wallet may have what this one lacks.
        alone = len(self._organisations) == 1
        quote = self._code.quote
        asks = bool(self._item.regions) and (not self._country or "country" in form.errors)
        pay_minor = quote.price_minor if quote else offer.price_minor
        return pages.answer(
            "pages/checkout.html",
            shell,
            status=status,
            listing=self._item,
            latest=self._item.version,
            offer=offer,
            available_minor=self._available_minor,
            code=self._code,
            pay_minor=pay_minor,
            short_minor=max(0, pay_minor - self._available_minor) if alone else 0,
            affiliate=self._affiliate,
            organisations=self._organisations,
            sold_in=named_regions(self._item.regions),
            buys_from=country_name(self._country) if self._country else "",
            asks_country=asks,
            countries=[("", "Choose a country"), *COUNTRIES],
            chain_choices=quote_choices(self._chain_quotes),
            chain_rates=chain_rates(self._chain_quotes),
            form=form,
        )


ROUTES = [checkout_page, pay, receipt_page, receipt_text, refund]
