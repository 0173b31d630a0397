"""Buying with a wallet on a chain."""

from souk_client.contracts.chain_sales import (
    ChainQuoteList,
    ChainSale,
    ChainSaleHint,
    ChainSaleRequest,
    PayoutWallet,
    PayoutWalletRequest,
)
from souk_client.sdk.call import Call, Endpoint, Namespace, S, api


def quote_on_chain(listing_id: str, *, offer_id: str | None = None) -> Call[ChainQuoteList]:
    """What an offer costs now in the coins and tokens of the chains where is sold."""
    query = {"listing_id": listing_id, "offer_id": offer_id}
    return Call(method="GET", path=api("chain-quotes"), answer=ChainQuoteList, query=query)


def open_chain_sale(
    sale: ChainSaleRequest, *, idempotency_key: str | None = None
) -> Call[ChainSale]:
    """A signed offer that one wallet can pay: `pay` of the answer is the transaction to send."""
    return Call(
        method="POST",
        path=api("chain-sales"),
        answer=ChainSale,
        body=sale,
        idempotency_key=idempotency_key,
    )


def get_chain_sale(sale_id: str) -> Call[ChainSale]:
    """An offer of the caller's, and what has become of it."""
    return Call(method="GET", path=api("chain-sales", sale_id), answer=ChainSale)


def hint_chain_sale(sale_id: str, *, transaction_hash: str) -> Call[ChainSale]:
    """Tells which transaction was sent; only the chain settles anything."""
    body = ChainSaleHint(transaction_hash=transaction_hash)
    path = api("chain-sales", sale_id, "hint")
    return Call(method="POST", path=path, answer=ChainSale, body=body)


def get_payout_wallet(*, organisation_id: str | None = None) -> Call[PayoutWallet]:
    """Where an organisation gets its parts of sales on chains."""
    query = {"organisation_id": organisation_id}
    return Call(method="GET", path=api("payout-wallet"), answer=PayoutWallet, query=query)


def set_payout_wallet(
    wallet: str | None, *, organisation_id: str | None = None
) -> Call[PayoutWallet]:
    """Says where: one of the caller's linked wallets, or None for the wallet here."""
    body = PayoutWalletRequest(organisation_id=organisation_id, wallet=wallet)
    return Call(method="PUT", path=api("payout-wallet"), answer=PayoutWallet, body=body)


class ChainSales(Namespace[S]):
    """Purchases that a wallet pays on a chain."""

    quote = Endpoint(quote_on_chain)
    open = Endpoint(open_chain_sale)
    get = Endpoint(get_chain_sale)
    hint = Endpoint(hint_chain_sale)
    payout = Endpoint(get_payout_wallet)
    set_payout = Endpoint(set_payout_wallet)
