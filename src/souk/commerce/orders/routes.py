"""HTTP: buying, receipts, refunds, revenue."""

from typing import Annotated, Literal

from litestar import get, post
from litestar.params import Parameter

from souk.commerce.orders.revenue import RevenueReports
from souk.commerce.orders.service import OrderService
from souk.infra.http.paging import Limit
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import DEFAULT_LIMIT
from souk_client.contracts.base import PageAnswer
from souk_client.contracts.commerce import Order, OrderRequest, Receipt, RefundRequest, Revenue

Days = Annotated[int, Parameter(ge=1, le=366, description="how many days back, today included")]


@post("/orders", tags=["commerce"], opt={"idempotency": "required"})
async def place_order(
    data: OrderRequest, uow: UnitOfWork, actor: Actor, orders: OrderService
) -> Order:
    """Buys an offer from a wallet. Free offers take the same way and issue a licence too."""
    return await orders.place(uow, actor, data)


@get("/orders", tags=["commerce"])
async def list_orders(
    uow: UnitOfWork,
    actor: Actor,
    orders: OrderService,
    side: Literal["buyer", "seller"] = "buyer",
    organisation_id: str | None = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageAnswer[Order]:
    """What an organisation of the caller's bought, or sold, newest first."""
    page = await orders.page(
        uow, actor, organisation_id=organisation_id, side=side, cursor=cursor, limit=limit
    )
    return PageAnswer(items=page.items, next_cursor=page.next_cursor)


@get("/orders/{order_id:str}", tags=["commerce"])
async def get_order(order_id: str, uow: UnitOfWork, actor: Actor, orders: OrderService) -> Order:
    """An order with its exact split."""
    return await orders.get(uow, actor, order_id)


@get("/orders/{order_id:str}/receipt", tags=["commerce"])
async def get_receipt(
    order_id: str, uow: UnitOfWork, actor: Actor, orders: OrderService
) -> Receipt:
    """The receipt of an order."""
    return await orders.receipt(uow, actor, order_id)


@post(
    "/orders/{order_id:str}/refund",
    tags=["commerce"],
    status_code=200,
    opt={"idempotency": "required"},
)
async def refund_order(
    order_id: str, data: RefundRequest, uow: UnitOfWork, actor: Actor, orders: OrderService
) -> Order:
    """Undoes a sale: the money goes back, the licence ends."""
    return await orders.refund(uow, actor, order_id, reason=data.reason)


@get("/revenue", tags=["commerce"])
async def get_revenue(
    uow: UnitOfWork,
    actor: Actor,
    revenue_reports: RevenueReports,
    organisation_id: str | None = None,
    days: Days = 30,
) -> Revenue:
    """What reached an organisation from sales, by day and by listing."""
    return await revenue_reports.revenue(uow, actor, organisation_id=organisation_id, days=days)


ROUTES = [place_order, list_orders, get_order, get_receipt, refund_order, get_revenue]
