"""What notices say about a fact, and to which organisation."""

import msgspec

from souk.commerce.orders.events import OrderPaid, OrderRefunded
from souk.insight.notifications.store import Message
from souk.kernel.money import Money


class Addressed(msgspec.Struct, frozen=True):
    """A message for the members of an organisation."""

    organisation_id: str
    message: Message


def of_sale(event: OrderPaid) -> list[Addressed]:
    """Both parties hear of a sale."""
    price = str(Money(event.price_minor, event.currency)) if event.price_minor else "free"
    net = str(Money(event.seller_net_minor, event.currency))
    return [
        Addressed(
            event.buyer_organisation_id,
            Message(
                kind="order_paid",
                title=f"You bought {event.listing_title}",
                body=f"Order {event.number}, {price}. Your licence is ready.",
                link=f"/orders/{event.order_id}",
            ),
        ),
        Addressed(
            event.seller_organisation_id,
            Message(
                kind="order_sold",
                title=f"{event.buyer_name} bought {event.listing_title}",
                body=f"Order {event.number}, {price}; {_reached(event, net)}.",
                link=f"/orders/{event.order_id}",
            ),
        ),
    ]


def of_refund(event: OrderRefunded) -> list[Addressed]:
    """Both parties hear of a refund."""
    price = str(Money(event.price_minor, event.currency)) if event.price_minor else "nothing"
    reason = f" Reason: {event.reason}" if event.reason else ""
    return [
        Addressed(
            event.buyer_organisation_id,
            Message(
                kind="order_refunded",
                title=f"{event.listing_title} was refunded",
                body=f"Order {event.number}: {_went_back(event, price)}.{reason}",
                link=f"/orders/{event.order_id}",
            ),
        ),
        Addressed(
            event.seller_organisation_id,
            Message(
                kind="sale_refunded",
                title=f"The sale of {event.listing_title} was refunded",
                body=f"Order {event.number} to {event.buyer_name} is undone.{reason}"
                if event.payment == "chain"
                else f"Order {event.number} to {event.buyer_name}: {price} went back.{reason}",
                link=f"/orders/{event.order_id}",
            ),
        ),
    ]


def _reached(event: OrderPaid, net: str) -> str:
    if event.payment == "chain":
        return f"{net} is yours, paid on a chain"
    return f"{net} reached your wallet"


def _went_back(event: OrderRefunded, price: str) -> str:
    if event.payment == "chain":
        return f"the purchase for {price} is undone"
    return f"{price} went back to your wallet"
