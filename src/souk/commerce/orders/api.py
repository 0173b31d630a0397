"""What other contexts may ask of orders, and what orders ask of those above them."""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from souk.commerce.orders.model import Share, account_of
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import Page
from souk.treasury.ledger.api import Posting
from souk.works.listings.api import SaleItem
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.commerce import Order, OrderRequest, Receipt, Revenue

__all__ = [
    "BoundPurchase",
    "DownloadHistory",
    "Order",
    "OrderGuard",
    "OrderIntent",
    "OrderRequest",
    "Orders",
    "Payment",
    "Settling",
    "Share",
    "UndoKind",
    "account_of",
]

Side = Literal["buyer", "seller"]
Payment = Literal["wallet", "chain"]
UndoKind = Literal["revoked", "refunded"]
"""What the provenance log calls the end of an undone order's licence."""


class BoundPurchase(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase that was checked: what is bought by whom, and how its price is divided."""

    order_id: str
    item: SaleItem
    """As it stood then, at the price that is paid."""
    buyer: OwnerRef
    bought_by: str
    shares: tuple[Share, ...]
    promotion_code: str | None = None
    list_price_minor: int | None = None
    """Before the code, in the currency of the price."""


class OrderIntent(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase that is about to happen."""

    listing_id: str
    buyer_organisation_id: str
    seller_organisation_id: str
    user_id: str
    price_minor: int
    currency: str


class OrderGuard(Protocol):
    """Owned by commerce, implemented above (trust.fraud): a last say before money moves."""

    async def check(self, uow: UnitOfWork, intent: OrderIntent) -> None:
        """Raises Forbidden with a reason when the order must not go through."""
        ...


class DownloadHistory(Protocol):
    """Owned by commerce, implemented by delivery: whether a licence was used to download."""

    async def any_download(self, uow: UnitOfWork, licence_id: str) -> bool:
        """Whether anything was; no download of it can begin until this transaction ends."""
        ...


class Orders(Protocol):
    """Buying, and what was bought."""

    async def place(self, uow: UnitOfWork, actor: Actor, request: OrderRequest) -> Order:
        """Buys an offer: order, split, licence, provenance entry and events in one transaction.

        Raises:
            NotFound: `listing_unknown`, `offer_unknown`, `organisation_unknown`,
                `promotion_unknown`.
            Conflict: `listing_not_published`, `offer_withdrawn`, `offer_needed`, `offer_sold_out`,
                `price_changed`, `own_listing`, `already_owned`, `country_needed`; of a code
                `promotion_over`, `promotion_not_started`, `promotion_used_up`,
                `promotion_not_for_this`.
            Forbidden: `region_not_served`.
            PaymentNeeded: `insufficient_funds`.
        """
        ...

    async def get(self, uow: UnitOfWork, actor: Actor, order_id: str) -> Order:
        """An order of one of the caller's organisations. Raises NotFound `order_unknown`."""
        ...

    async def page(
        self,
        uow: UnitOfWork,
        actor: Actor,
        *,
        organisation_id: str | None,
        side: Side,
        cursor: str | None,
        limit: int,
    ) -> Page[Order]:
        """What an organisation bought or sold, newest first."""
        ...

    async def receipt(self, uow: UnitOfWork, actor: Actor, order_id: str) -> Receipt:
        """The receipt of an order. Raises NotFound `order_unknown`."""
        ...

    async def refund(self, uow: UnitOfWork, actor: Actor, order_id: str, *, reason: str) -> Order:
        """Undoes a sale: money back, licence revoked, provenance entry, events.

        The buyer may within the refund window; the seller's managers and admins always.

        Raises:
            NotFound: `order_unknown`.
            Forbidden: `not_manager`.
            Conflict: `order_refunded`, `refund_window_over`, `refund_after_download`,
                `refund_after_use`.
        """
        ...


class Reports(Protocol):
    """What sales brought."""

    async def revenue(
        self, uow: UnitOfWork, actor: Actor, *, organisation_id: str | None, days: int
    ) -> Revenue:
        """What reached an organisation from sales, by day and by listing."""
        ...


class Settling(Protocol):
    """Orders for what is paid elsewhere than from a wallet: on a chain."""

    async def prepare(self, uow: UnitOfWork, actor: Actor, request: OrderRequest) -> BoundPurchase:
        """Checks a purchase as `Orders.place` does, and records nothing but the use of a code.

        Raises:
            As `Orders.place`, but for what concerns stock and money.
        """
        ...

    async def owned(self, uow: UnitOfWork, purchase: BoundPurchase) -> str | None:
        """The licence that the buyer holds for ever from this offer already; None when there is
        none, or the offer is not for ever."""
        ...

    async def settle(
        self,
        uow: UnitOfWork,
        purchase: BoundPurchase,
        *,
        payment: Payment,
        postings: Sequence[Posting],
    ) -> Order:
        """Order, licence, provenance entry, postings and events, in the caller's transaction.

        Nothing is checked again but that the offer is not owned for ever already; stock and code
        were taken before.

        Raises:
            Conflict: `already_owned`; the transaction must then be rolled back.
        """
        ...

    async def undo(
        self, uow: UnitOfWork, order_id: str, *, reason: str, entry_kind: UndoKind
    ) -> None:
        """Undoes an order (system scope): licence, postings, stock, code. Undone stays undone.

        Raises:
            NotFound: `order_unknown`.
        """
        ...
