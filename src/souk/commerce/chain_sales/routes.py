"""HTTP: prices on chains, signed offers, and where sellers are paid."""

from typing import Annotated

from litestar import get, post, put
from litestar.params import Parameter

from souk.commerce.chain_sales.service import ChainSaleService
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.chain_sales import (
    ChainQuoteList,
    ChainSale,
    ChainSaleHint,
    ChainSaleRequest,
    PayoutWallet,
    PayoutWalletRequest,
)

ListingId = Annotated[str, Parameter(max_length=64, description="the listing that is bought")]


@get(
    "/chain-quotes",
    tags=["commerce"],
    opt={
        "problems": {
            404: "There is no such listing or offer for this caller.",
            409: "It is not for sale now, or the offer has to be named.",
        }
    },
)
async def get_chain_quotes(
    uow: UnitOfWork,
    chain_sales: ChainSaleService,
    listing_id: ListingId,
    offer_id: str | None = None,
) -> ChainQuoteList:
    """What an offer costs now in the coins and tokens of the chains where is sold."""
    return await chain_sales.quoted(uow, listing_id=listing_id, offer_id=offer_id)


@post("/chain-sales", tags=["commerce"], opt={"idempotency": "required"})
async def open_chain_sale(
    data: ChainSaleRequest, uow: UnitOfWork, actor: Actor, chain_sales: ChainSaleService
) -> ChainSale:
    """A signed offer that one wallet can pay on a chain, until its deadline.

    The order, its licence and its provenance entry follow from the payment, not from this call.
    """
    return await chain_sales.open(uow, actor, data)


@get("/chain-sales/{sale_id:str}", tags=["commerce"])
async def get_chain_sale(
    sale_id: str, uow: UnitOfWork, actor: Actor, chain_sales: ChainSaleService
) -> ChainSale:
    """An offer of the caller's, and what has become of it."""
    return await chain_sales.get(uow, actor, sale_id)


@post("/chain-sales/{sale_id:str}/hint", tags=["commerce"], status_code=200)
async def hint_chain_sale(
    sale_id: str,
    data: ChainSaleHint,
    uow: UnitOfWork,
    actor: Actor,
    chain_sales: ChainSaleService,
) -> ChainSale:
    """Tells which transaction the wallet sent. It settles nothing: only the chain does."""
    return await chain_sales.hint(uow, actor, sale_id, transaction_hash=data.transaction_hash)


@get("/payout-wallet", tags=["commerce"])
async def get_payout_wallet(
    uow: UnitOfWork,
    actor: Actor,
    chain_sales: ChainSaleService,
    organisation_id: str | None = None,
) -> PayoutWallet:
    """Where an organisation of the caller's gets its parts of sales on chains."""
    return await chain_sales.payout_wallet(uow, actor, organisation_id=organisation_id)


@put("/payout-wallet", tags=["commerce"])
async def set_payout_wallet(
    data: PayoutWalletRequest, uow: UnitOfWork, actor: Actor, chain_sales: ChainSaleService
) -> PayoutWallet:
    """Says so; for managers, with a wallet that is linked to the caller's account."""
    return await chain_sales.pay_to(uow, actor, data)


ROUTES = [
    get_chain_quotes,
    open_chain_sale,
    get_chain_sale,
    hint_chain_sale,
    get_payout_wallet,
    set_payout_wallet,
]
