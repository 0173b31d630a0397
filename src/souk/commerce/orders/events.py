"""Facts about orders."""

from typing import ClassVar

from souk.kernel.events import Event


class OrderFact(Event, frozen=True, kw_only=True):
    """What every fact about an order says."""

    order_id: str
    number: str
    listing_id: str
    listing_address: str
    listing_title: str
    buyer_organisation_id: str
    buyer_name: str
    seller_organisation_id: str
    seller_name: str
    price_minor: int
    currency: str
    licence_id: str
    bought_by: str = ""
    """The user who bought it."""
    payment: str = "wallet"
    """`wallet`, or `chain` where the money came and went on a chain."""


class OrderPaid(OrderFact, frozen=True, kw_only=True):
    """A sale: the money is divided, the licence is issued."""

    topic: ClassVar[str] = "commerce.order_paid"
    seller_net_minor: int


class OrderRefunded(OrderFact, frozen=True, kw_only=True):
    """A sale was undone: the money went back, the licence ended."""

    topic: ClassVar[str] = "commerce.order_refunded"
    reason: str
