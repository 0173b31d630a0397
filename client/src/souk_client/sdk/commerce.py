"""Wallets, orders and receipts."""

from typing import Literal

from souk_client.contracts.base import PageAnswer
from souk_client.contracts.commerce import Order, OrderRequest, Receipt, RefundRequest, Revenue
from souk_client.contracts.treasury import (
    Deposit,
    DepositRequest,
    StatementLine,
    Transfer,
    TransferRequest,
    Wallet,
)
from souk_client.sdk.call import Call, Endpoint, Namespace, S, api


def get_wallet(*, organisation_id: str | None = None) -> Call[Wallet]:
    """Balances of an organisation; the caller's personal one when left out."""
    query = {"organisation_id": organisation_id}
    return Call(method="GET", path=api("wallet"), answer=Wallet, query=query)


def get_statement(
    *,
    organisation_id: str | None = None,
    currency: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Call[PageAnswer[StatementLine]]:
    """Every posting on a wallet, newest first."""
    query = {
        "organisation_id": organisation_id,
        "currency": currency,
        "cursor": cursor,
        "limit": limit,
    }
    return Call(
        method="GET", path=api("wallet", "statement"), answer=PageAnswer[StatementLine], query=query
    )


def create_deposit(
    *,
    amount_minor: int,
    currency: str = "USD",
    provider: str = "test",
    organisation_id: str | None = None,
    idempotency_key: str | None = None,
) -> Call[Deposit]:
    """Puts money in through a payment provider."""
    body = DepositRequest(
        amount_minor=amount_minor,
        currency=currency,
        provider=provider,
        organisation_id=organisation_id,
    )
    return Call(
        method="POST",
        path=api("wallet", "deposits"),
        answer=Deposit,
        body=body,
        idempotency_key=idempotency_key,
    )


def create_transfer(
    transfer: TransferRequest, *, idempotency_key: str | None = None
) -> Call[Transfer]:
    """Sends money to another organisation."""
    return Call(
        method="POST",
        path=api("wallet", "transfers"),
        answer=Transfer,
        body=transfer,
        idempotency_key=idempotency_key,
    )


def create_order(order: OrderRequest, *, idempotency_key: str | None = None) -> Call[Order]:
    """Buys: pays from the wallet, and the licence exists in the same instant."""
    return Call(
        method="POST",
        path=api("orders"),
        answer=Order,
        body=order,
        idempotency_key=idempotency_key,
    )


def get_order(order_id: str) -> Call[Order]:
    """An order of the caller, as buyer or as seller."""
    return Call(method="GET", path=api("orders", order_id), answer=Order)


def list_orders(
    *,
    side: Literal["buyer", "seller"] = "buyer",
    organisation_id: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Call[PageAnswer[Order]]:
    """What an organisation of the caller's bought, or sold, newest first."""
    query = {
        "side": side,
        "organisation_id": organisation_id,
        "cursor": cursor,
        "limit": limit,
    }
    return Call(method="GET", path=api("orders"), answer=PageAnswer[Order], query=query)


def refund_order(
    order_id: str, *, reason: str = "", idempotency_key: str | None = None
) -> Call[Order]:
    """Gives an order back: the money returns, the licence is revoked."""
    return Call(
        method="POST",
        path=api("orders", order_id, "refund"),
        answer=Order,
        body=RefundRequest(reason=reason),
        idempotency_key=idempotency_key,
    )


def get_receipt(order_id: str) -> Call[Receipt]:
    """What the buyer keeps."""
    return Call(method="GET", path=api("orders", order_id, "receipt"), answer=Receipt)


def get_revenue(*, organisation_id: str | None = None, days: int | None = None) -> Call[Revenue]:
    """What a seller's works earned, by day and by listing."""
    query = {"organisation_id": organisation_id, "days": days}
    return Call(method="GET", path=api("revenue"), answer=Revenue, query=query)


class Wallets(Namespace[S]):
    """Money held in the marketplace."""

    get = Endpoint(get_wallet)
    statement = Endpoint(get_statement)
    deposit = Endpoint(create_deposit)
    transfer = Endpoint(create_transfer)


class Orders(Namespace[S]):
    """Buying, giving back, earning."""

    create = Endpoint(create_order)
    get = Endpoint(get_order)
    list = Endpoint(list_orders)
    refund = Endpoint(refund_order)
    receipt = Endpoint(get_receipt)
    revenue = Endpoint(get_revenue)
