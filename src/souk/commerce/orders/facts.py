"""Makes the facts that an order announces from its row."""

from collections.abc import Sequence
from typing import Any

from souk.commerce.orders.events import OrderFact, OrderPaid, OrderRefunded
from souk.commerce.orders.model import Share, order_number
from souk.commerce.orders.store import OrderRow


def paid(row: OrderRow, shares: Sequence[Share]) -> OrderPaid:
    """A sale happened."""
    net = sum(
        share.amount_minor
        for share in shares
        if share.organisation and share.organisation.id == row.seller_organisation_id
    )
    return OrderPaid(**_members(row), seller_net_minor=net)


def refunded(row: OrderRow, reason: str) -> OrderRefunded:
    """A sale was undone."""
    return OrderRefunded(**_members(row), reason=reason)


def _members(row: OrderRow) -> dict[str, Any]:  # the fields of `OrderFact`, each of its own type
    own = {"order_id": row.id, "number": order_number(row.number)}
    names = OrderFact.__struct_fields__
    return own | {name: getattr(row, name) for name in names if name not in own}
