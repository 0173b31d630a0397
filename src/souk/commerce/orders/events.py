"""Facts about orders."""

from typing import ClassVar

from souk.kernel.events import Event


class OrderPaid(Event, frozen=True, kw_only=True):
    """A sale: the money is divided, the licence is issued."""

    topic: ClassVar[str] = "commerce.order_paid"
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
    seller_net_minor: int
    licence_id: str


class OrderRefunded(Event, frozen=True, kw_only=True):
    """A sale was undone: the money went back, the licence ended."""

    topic: ClassVar[str] = "commerce.order_refunded"
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
    reason: str
