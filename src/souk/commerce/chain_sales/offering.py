"""Signs offers: a price by a dated rate, kept for a while, for one wallet."""

from datetime import timedelta

import msgspec

from souk.commerce.chain_sales import payout_store, store
from souk.commerce.chain_sales.errors import (
    currency_not_there,
    nothing_to_pay,
    price_moved,
    too_many_open,
)
from souk.commerce.chain_sales.model import divided, nonce_of
from souk.commerce.chain_sales.pricing import Priced, payable, priced
from souk.commerce.chain_sales.settings import ChainSaleSettings
from souk.commerce.chain_sales.store import SaleRow
from souk.commerce.chain_sales.vouchers import kept, offer_of, permit_of
from souk.commerce.orders.api import BoundPurchase, OrderRequest, Settling, Share
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.ids import ChainSaleId, new_id
from souk.kernel.money import split
from souk.rights.chain_index.api import NATIVE, Chains, SaleChain, Token
from souk.treasury.rates.api import Rates
from souk.works.listings.api import Listings
from souk_client.contracts.chain_sales import ChainSaleRequest


class Offering:
    """Makes offers.

    Args:
        orders: checks the purchase as any other.
        chains: signs in the registrar's name.
        rates: dated rates.
        listings: keep a piece of the stock for the buyer.
        settings: how long an offer holds.
    """

    def __init__(
        self,
        *,
        orders: Settling,
        chains: Chains,
        rates: Rates,
        listings: Listings,
        settings: ChainSaleSettings,
    ) -> None:
        self._orders = orders
        self._chains = chains
        self._rates = rates
        self._listings = listings
        self._settings = settings

    async def open(self, uow: UnitOfWork, actor: Actor, request: ChainSaleRequest) -> SaleRow:
        """Checks the purchase, reserves what it needs, signs; see `ChainSales.open`."""
        buyer_id = actor.acting_for(request.organisation_id)
        chain = await self._chains.get(uow, request.chain)
        token = _token(chain, request.currency)
        if await store.count_open(uow, buyer_id) >= self._settings.open_per_buyer:
            raise too_many_open(self._settings.open_per_buyer)
        listed = await self._orders.prepare(uow, actor, _order_request(request))
        offer = listed.item.offer
        if offer.price_minor == 0:
            raise nothing_to_pay()
        table = await self._rates.table(uow)
        price = priced(table, chain, token, price_minor=offer.price_minor, code=offer.currency)
        most = request.max_price_minor
        if most is not None and price.quote.price_minor > most:
            raise price_moved(token.symbol, price.quote.price_minor)
        if offer.stock is not None:
            await self._listings.take_stock(uow, offer.id)
        list_price = listed.list_price_minor
        purchase = in_coin(
            listed,
            price,
            list_price_minor=(
                None
                if list_price is None
                else priced(
                    table, chain, token, price_minor=list_price, code=offer.currency
                ).quote.price_minor
            ),
        )
        row = await self._signed(uow, purchase, listed, chain, price, wallet=request.wallet.lower())
        await store.insert(uow, row, said="An offer was signed for the wallet.")
        return row

    async def _signed(
        self,
        uow: UnitOfWork,
        purchase: BoundPurchase,
        listed: BoundPurchase,
        chain: SaleChain,
        price: Priced,
        *,
        wallet: str,
    ) -> SaleRow:
        quote, token, settings = price.quote, price.token, self._settings
        parties = {share.organisation.id for share in purchase.shares if share.organisation}
        wallets = await payout_store.wallets(uow, sorted(parties), chain_id=chain.chain_id)
        division = divided(purchase.shares, wallets, treasury=chain.treasury)
        deadline = uow.now.replace(microsecond=0) + timedelta(minutes=settings.hold_minutes)
        prefix, number = await store.next_number(uow)
        nonce = nonce_of(prefix, number)
        offer = offer_of(
            nonce=nonce,
            work_id=self._chains.work_token_of(purchase.item.listing_id),
            buyer=wallet,
            token=token.address,
            price_units=int(quote.price_units),
            division=division,
            refund_window_s=settings.refund_hours * 3600,
            deadline=deadline,
        )
        permit = None
        if token.address != NATIVE:
            permit = await permit_of(
                self._chains,
                chain,
                symbol=token.symbol,
                token=token.address,
                owner=wallet,
                value=int(quote.price_units),
                deadline=deadline,
            )
        item = purchase.item
        return SaleRow(
            id=ChainSaleId(new_id("csl", uow.now)),
            state="pending",
            network=chain.network,
            chain=chain.name,
            chain_id=chain.chain_id,
            market=chain.contracts["Market"],
            nonce=nonce,
            wallet=wallet,
            token=token.address,
            buyer_organisation_id=purchase.buyer.id,
            seller_organisation_id=item.owner.id,
            bought_by=purchase.bought_by,
            listing_id=item.listing_id,
            offer_id=item.offer.id,
            listing_title=item.title,
            price_minor=quote.price_minor,
            currency=token.symbol,
            price_units=int(quote.price_units),
            quoted_minor=listed.item.offer.price_minor,
            quoted_currency=listed.item.offer.currency,
            rate=quote.rate,
            rate_as_of=quote.rate_as_of,
            rate_source=quote.rate_source,
            purchase=_without_files(purchase),
            direct_organisations=list(division.direct),
            voucher=kept(offer),
            signature=await self._chains.sign(chain, "Offer", offer),
            permit=permit,
            deadline=deadline,
            refund_window_s=settings.refund_hours * 3600,
            holds_reserve=True,
            created_at=uow.now,
            changed_at=uow.now,
        )


def in_coin(listed: BoundPurchase, price: Priced, *, list_price_minor: int | None) -> BoundPurchase:
    """The purchase at the price that is paid, divided anew; all that follows knows only it."""
    price_minor, code = price.quote.price_minor, price.token.symbol
    offer = msgspec.structs.replace(listed.item.offer, price_minor=price_minor, currency=code)
    # Rounding up can make a tiny discount vanish; an order knows no code that took nothing off.
    reduced = list_price_minor is not None and list_price_minor > price_minor
    return msgspec.structs.replace(
        listed,
        item=msgspec.structs.replace(listed.item, offer=offer),
        shares=_split_again(listed.shares, price_minor),
        promotion_code=listed.promotion_code if reduced else None,
        list_price_minor=list_price_minor if reduced else None,
    )


def _split_again(shares: tuple[Share, ...], price_minor: int) -> tuple[Share, ...]:
    parts = split(price_minor, [share.basis_points for share in shares])
    return tuple(
        msgspec.structs.replace(share, amount_minor=amount)
        for share, amount in zip(shares, parts, strict=True)
    )


def _without_files(purchase: BoundPurchase) -> dict[str, object]:
    """For the database; the files of a published version never change and are read again."""
    version = msgspec.structs.replace(purchase.item.version, files=[])
    item = msgspec.structs.replace(purchase.item, version=version)
    built: dict[str, object] = msgspec.to_builtins(msgspec.structs.replace(purchase, item=item))
    return built


def _token(chain: SaleChain, code: str) -> Token:
    found = next((token for token in payable(chain) if token.symbol == code), None)
    if found is None:
        raise currency_not_there(chain.name, code)
    return found


def _order_request(request: ChainSaleRequest) -> OrderRequest:
    return OrderRequest(
        listing_id=request.listing_id,
        offer_id=request.offer_id,
        organisation_id=request.organisation_id,
        affiliate=request.affiliate,
        promotion_code=request.promotion_code,
        expected_price_minor=request.expected_price_minor,
        expected_currency=request.expected_currency,
    )
