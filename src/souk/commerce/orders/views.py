"""Orders as the wire shows them, and receipts."""

from collections.abc import Sequence
from typing import cast

from souk.commerce.orders.model import order_number, refundable_until
from souk.commerce.orders.store import OrderRow, ShareRow
from souk.kernel.money import Money
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.commerce import Order, OrderShare, OrderState, Receipt
from souk_client.contracts.promotions import AppliedPromotion


def order_of(row: OrderRow, shares: Sequence[ShareRow], *, refund_days: int) -> Order:
    """An order with its split."""
    until = refundable_until(row.created_at, refund_days=refund_days)
    return Order(
        id=row.id,
        number=order_number(row.number),
        state=cast(OrderState, row.state),  # the database admits no other
        listing_id=row.listing_id,
        listing_address=row.listing_address,
        listing_title=row.listing_title,
        version=row.version,
        edition=row.edition,
        buyer=OwnerRef(id=row.buyer_organisation_id, slug=row.buyer_slug, name=row.buyer_name),
        seller=OwnerRef(id=row.seller_organisation_id, slug=row.seller_slug, name=row.seller_name),
        price_minor=row.price_minor,
        currency=row.currency,
        shares=[_share_of(share) for share in shares],
        licence_id=row.licence_id,
        provenance_entry_id=row.provenance_entry_id,
        transfer_id=row.transfer_id,
        created_at=row.created_at,
        payment=row.payment,
        refundable_until=until if row.state == "paid" and row.payment == "wallet" else None,
        refunded_at=row.refunded_at,
        promotion=_applied(row),
    )


def receipt_of(order: Order, *, marketplace: str) -> Receipt:
    """A receipt, also as plain text."""
    price = Money(order.price_minor, order.currency)
    lines = [
        f"Receipt {order.number}",
        f"{marketplace}",
        "",
        f"Date       {order.created_at:%Y-%m-%d %H:%M} UTC",
        f"Bought     {order.listing_title} ({order.listing_address}), version {order.version}",
        f"Edition    {order.edition}",
        f"Seller     {order.seller.name} ({order.seller.slug})",
        f"Buyer      {order.buyer.name} ({order.buyer.slug})",
        *_discount_lines(order),
        f"Price      {price if order.price_minor else 'free'}",
        f"Licence    {order.licence_id}",
        f"Provenance {order.provenance_entry_id}",
    ]
    if order.refunded_at is not None:
        lines.append(f"Refunded   {order.refunded_at:%Y-%m-%d %H:%M} UTC")
    return Receipt(
        number=order.number,
        order=order,
        issued_at=order.created_at,
        marketplace=marketplace,
        text="\n".join(lines) + "\n",
    )


def _discount_lines(order: Order) -> list[str]:
    if order.promotion is None:
        return []
    listed = Money(order.promotion.list_price_minor, order.currency)
    off = Money(-order.promotion.discount_minor, order.currency)
    return [f"Listed at  {listed}", f"Code       {order.promotion.code}, {off}"]


def _applied(row: OrderRow) -> AppliedPromotion | None:
    if row.promotion_code is None or row.list_price_minor is None:
        return None
    return AppliedPromotion(
        code=row.promotion_code,
        list_price_minor=row.list_price_minor,
        discount_minor=row.list_price_minor - row.price_minor,
    )


def _share_of(share: ShareRow) -> OrderShare:
    organisation = None
    if share.organisation_id is not None:
        organisation = OwnerRef(
            id=share.organisation_id,
            slug=share.organisation_slug or "",
            name=share.organisation_name or "",
        )
    return OrderShare(
        role=share.role,
        organisation=organisation,
        basis_points=share.basis_points,
        amount_minor=share.amount_minor,
    )
