"""What other contexts may ask of sales on chains, and what these ask of those who wire them."""

from typing import Protocol

import msgspec

from souk.commerce.chain_sales.model import SentTransaction
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.chain_sales import (
    ChainQuote,
    ChainQuoteList,
    ChainSale,
    ChainSaleRequest,
    PayoutWallet,
    PayoutWalletRequest,
)

__all__ = [
    "ChainNetwork",
    "ChainQuote",
    "ChainSale",
    "ChainSaleRequest",
    "ChainSales",
    "LinkedAddress",
    "LinkedAddresses",
    "PayoutWallet",
    "PayoutWalletRequest",
    "SentTransaction",
    "TransactionReader",
]


class ChainNetwork(msgspec.Struct, frozen=True, kw_only=True):
    """A chain as a wallet must know it."""

    name: str
    chain_id: int
    coin: str
    rpc_urls: tuple[str, ...]


class LinkedAddress(msgspec.Struct, frozen=True, kw_only=True):
    """A wallet that a user has proved to be theirs."""

    address: str
    """In lower case."""
    name: str
    chain_id: int | None
    """The one chain where it is known to be, for a contract; None for a key."""


class LinkedAddresses(Protocol):
    """Owned here, fulfilled by the wallets of accounts."""

    async def mine(self, uow: UnitOfWork, actor: Actor) -> list[LinkedAddress]:
        """The caller's wallets."""
        ...


class TransactionReader(Protocol):
    """Owned here, fulfilled by whoever reaches the chains' nodes."""

    async def find(self, chain: str, transaction_hash: str) -> SentTransaction | None:
        """A transaction, in a block or waiting for one; None when the chain does not know it.

        Raises:
            SoukError: `chain_away` (503) while no node answers.
        """
        ...


class ChainSales(Protocol):
    """Buying with a wallet on a chain."""

    async def quotes(self, uow: UnitOfWork, *, price_minor: int, currency: str) -> list[ChainQuote]:
        """A price in everything that is paid with on the chains where is sold now."""
        ...

    async def quoted(
        self, uow: UnitOfWork, *, listing_id: str, offer_id: str | None
    ) -> ChainQuoteList:
        """What an offer costs now, by chain. Raises as `Listings.for_sale`."""
        ...

    async def open(self, uow: UnitOfWork, actor: Actor, request: ChainSaleRequest) -> ChainSale:
        """A signed offer for one wallet: keeps price, stock and code until its deadline.

        Raises:
            As `Orders.place`; NotFound: `chain_unknown`. Invalid: `chain_currency_unknown`.
            Conflict: `chain_rate_missing`, `chain_price_moved`, `nothing_to_pay`.
            TooMany: `chain_sales_open`. Unavailable: `chain_away`.
        """
        ...

    async def get(self, uow: UnitOfWork, actor: Actor, sale_id: str) -> ChainSale:
        """One of the caller's organisations'. Raises NotFound `chain_sale_unknown`."""
        ...

    async def of_order(self, uow: UnitOfWork, actor: Actor, order_id: str) -> ChainSale | None:
        """The sale that an order came of, for either party; None when it has no other payment."""
        ...

    async def waiting(self, uow: UnitOfWork, actor: Actor) -> list[ChainSale]:
        """The caller's sales that are open or were undone, newest first."""
        ...

    async def network(self, uow: UnitOfWork, sale: ChainSale) -> ChainNetwork | None:
        """The chain of a sale as a wallet must know it; None while nothing is sold there."""
        ...

    async def hint(
        self, uow: UnitOfWork, actor: Actor, sale_id: str, *, transaction_hash: str
    ) -> ChainSale:
        """Keeps what a buyer's page says was sent. Raises NotFound `chain_sale_unknown`."""
        ...

    async def payout_wallet(
        self, uow: UnitOfWork, actor: Actor, *, organisation_id: str | None
    ) -> PayoutWallet:
        """Where an organisation of the caller's is paid."""
        ...

    async def pay_to(
        self, uow: UnitOfWork, actor: Actor, request: PayoutWalletRequest
    ) -> PayoutWallet:
        """Says where it is paid from now on.

        Raises:
            Forbidden: `payout_for_managers`. Conflict: `wallet_not_linked_here`.
        """
        ...
