"""Rules of orders: who gets what of a price, and when a sale may be undone."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from souk.kernel.money import split
from souk.treasury.ledger.api import AccountRef, platform, wallet
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.works import SplitShare

PLATFORM_ACCOUNTS = {"platform": "revenue", "compliance": "compliance"}
"""Which of the platform's own accounts a role pays into."""


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a sale."""

    role: str
    organisation: OwnerRef | None
    """None where the platform's own account gets it."""
    basis_points: int
    amount_minor: int


def account_of(share: Share, currency: str) -> AccountRef:
    """The account in the books that a part goes to."""
    if share.organisation is None:
        return platform(PLATFORM_ACCOUNTS[share.role], currency)
    return wallet(share.organisation.id, currency)


def divide(
    price_minor: int,
    plan: Sequence[SplitShare],
    *,
    creator: OwnerRef,
    affiliate: OwnerRef | None,
    partners: dict[str, OwnerRef],
) -> list[Share]:
    """Divides a price by a split plan; the parts sum to the price exactly.

    Args:
        plan: sums to 10,000 basis points.
        creator: gets the creator's part, and the affiliate's when there is no affiliate.
        partners: the organisations that the plan names, by id.
    """
    merged = plan if affiliate else _without_affiliate(plan)
    parts = split(price_minor, [share.basis_points for share in merged])
    return [
        Share(
            role=share.role,
            organisation=_recipient(share, creator, affiliate, partners),
            basis_points=share.basis_points,
            amount_minor=amount_minor,
        )
        for share, amount_minor in zip(merged, parts, strict=True)
    ]


def _without_affiliate(plan: Sequence[SplitShare]) -> list[SplitShare]:
    """The plan with the affiliate's part given to the (first) creator."""
    freed = sum(share.basis_points for share in plan if share.role == "affiliate")
    kept = [share for share in plan if share.role != "affiliate"]
    if not any(share.role == "creator" for share in kept):
        return [SplitShare(role="creator", basis_points=freed), *kept] if freed else kept
    first = next(index for index, share in enumerate(kept) if share.role == "creator")
    grown = msgspec.structs.replace(kept[first], basis_points=kept[first].basis_points + freed)
    return [*kept[:first], grown, *kept[first + 1 :]]


def _recipient(
    share: SplitShare, creator: OwnerRef, affiliate: OwnerRef | None, partners: dict[str, OwnerRef]
) -> OwnerRef | None:
    if share.role in PLATFORM_ACCOUNTS:
        return None
    if share.role == "affiliate":
        return affiliate
    if share.organisation_id is not None:
        return partners[share.organisation_id]
    return creator


def refundable_until(paid_at: datetime, *, refund_days: int) -> datetime | None:
    """The end of the buyer's refund window; None where there is none."""
    return paid_at + timedelta(days=refund_days) if refund_days else None


def order_number(number: int) -> str:
    """For people: `S-000123`."""
    return f"S-{number:06d}"
