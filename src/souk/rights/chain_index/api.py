"""What other contexts may ask of chains: contracts and tokens, facts, vouchers, transactions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import Page
from souk.rights.chain_index.events import Stage
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.chain import (
    AskPurchase,
    AskRequest,
    LicenceAsk,
    LicenceToken,
    MintRequest,
    OwnAsk,
)

__all__ = [
    "NATIVE",
    "AccountWallet",
    "AccountWallets",
    "AskPurchase",
    "AskRequest",
    "Asks",
    "ChainFacts",
    "ChainTransaction",
    "Chains",
    "Creators",
    "Fact",
    "LicenceAsk",
    "LicenceToken",
    "MintRequest",
    "OwnAsk",
    "RefundWindows",
    "SaleChain",
    "Stage",
    "Token",
    "Tokens",
    "Voucher",
]

NATIVE: Final = "0x" + "0" * 40
"""The address that stands for a chain's own coin."""

Voucher = Literal["Offer", "WorkVoucher", "ContentVoucher", "LicenceVoucher", "Ask"]
"""The EIP-712 structs of the contracts."""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """Something to pay with."""

    symbol: str
    address: str
    decimals: int


class SaleChain(msgspec.Struct, frozen=True, kw_only=True):
    """A chain that was seen and has Souk's contracts. Addresses are in lower case."""

    name: str
    chain_id: int
    network: str
    is_local: bool
    finality: int
    """How many blocks, its own included, make a transaction final."""
    block_s: float
    contracts: Mapping[str, str]
    """Addresses by name: Works, Licences, Market, and whatever else is there."""
    tokens: tuple[Token, ...]
    """The chain's coin first (`NATIVE`), then GENX and FTNS where they are."""
    registrar: str
    """Whose signature the contracts take."""
    treasury: str
    """Who gets the fees."""
    rpc_urls: tuple[str, ...]
    """For wallets that do not know the chain; empty where none may be told."""
    head_block: int
    indexed_block: int
    """Up to here facts were read; -1 when none was."""


class ChainTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """Something Souk wants done on a chain."""

    id: str
    purpose: str
    state: Literal["queued", "sent", "mined", "final", "failed"]
    problem: str
    hash: str | None
    block_number: int | None


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """A log as it was read, and what has become of it."""

    id: str
    kind: str
    """A name of `souk.rights.chain_index.events.KINDS`."""
    stage: Stage
    chain: str
    chain_id: int
    network: str
    contract: str
    block_number: int
    block_hash: str
    block_time: datetime
    transaction_hash: str
    log_index: int
    arguments: Mapping[str, Any]  # the fields of the event of this kind, as JSON has them


class ChainFacts(Protocol):
    """What was read from the chains."""

    async def get(self, uow: UnitOfWork, fact_id: str, *, hold: bool = True) -> Fact:
        """The fact as it stands now; it keeps its stage until this transaction ends.

        Args:
            hold: False in a read-only transaction, which can hold nothing.

        Raises:
            NotFound: `fact_unknown`.
        """
        ...

    async def of(
        self, uow: UnitOfWork, kind: str, *, network: str, key: str, undone: bool = False
    ) -> Sequence[Fact]:
        """Facts of a kind, oldest first, by what they are about.

        Args:
            key: of Sold, Released and Refunded the offer's nonce; of WorkMinted the work's id; of
                AskCancelled the nonce; of all others the licence's token id.
            undone: whether those are told as well that were taken back.
        """
        ...

    async def sales(
        self, uow: UnitOfWork, *, network: str, after: str = "", limit: int = 500
    ) -> Sequence[Fact]:
        """Sold facts that stand, by id: for comparing them with orders."""
        ...


class Chains(Protocol):
    """The configured chains, and what Souk may do on them."""

    async def all(self, uow: UnitOfWork) -> Sequence[SaleChain]:
        """Those on which can be sold now, in the order of the settings."""
        ...

    async def get(self, uow: UnitOfWork, name: str) -> SaleChain:
        """Raises NotFound `chain_unknown` when there is none of this name to sell on."""
        ...

    async def sign(self, chain: SaleChain, kind: Voucher, message: Mapping[str, object]) -> bytes:
        """The registrar's signature of a voucher, for this chain and the contract that takes it.

        Args:
            message: every field of the struct: integers, `0x…` addresses, bytes, lists of maps.

        Raises:
            ChainAway: `chain_away` (503) when there is no key to sign with.
        """
        ...

    def typed_data(
        self, chain: SaleChain, kind: Voucher, message: Mapping[str, object]
    ) -> dict[str, Any]:  # the shape of eth_signTypedData_v4
        """The voucher as a wallet takes it in `eth_signTypedData_v4`."""
        ...

    def call_data(self, contract: str, function: str, *arguments: Any) -> bytes:
        """The data of a call of a packaged contract (`Market`, `buy`, …)."""
        ...

    async def read(
        self, chain: SaleChain, contract: str, function: str, *arguments: Any
    ) -> tuple[Any, ...]:  # what the contract's ABI says
        """Asks a contract on the chain, at its newest block.

        Args:
            contract: a name of `SaleChain.contracts`.

        Raises:
            ChainAway: `chain_away` (503) when no node answers.
            Conflict: `chain_refused` when the contract reverts.
        """
        ...

    async def submit(
        self, uow: UnitOfWork, chain: SaleChain, *, purpose: str, contract: str, data: bytes
    ) -> ChainTransaction:
        """Wants a call made by Souk's account, once for each purpose, in the caller's transaction.

        Raises:
            Conflict: `purpose_taken` when another thing was done for this purpose.
        """
        ...

    async def transaction(
        self, uow: UnitOfWork, network: str, purpose: str
    ) -> ChainTransaction | None:
        """How it stands with what was wanted for a purpose (`SaleChain.network`)."""
        ...

    async def token_of(self, uow: UnitOfWork, licence_id: str) -> str:
        """The token id of a licence, remembered, so that it is found again when the token moves."""
        ...

    def work_token_of(self, listing_id: str) -> str:
        """The token id of a work."""
        ...


class AccountWallet(msgspec.Struct, frozen=True, kw_only=True):
    """A wallet that somebody proved to be theirs."""

    address: str
    """In lower case."""
    chain_id: int | None
    """The one chain where it is known to be, for a contract; None for a key."""


class AccountWallets(Protocol):
    """Owned here, fulfilled by the wallets of accounts."""

    async def mine(self, uow: UnitOfWork, actor: Actor) -> Sequence[AccountWallet]:
        """The caller's wallets, newest first."""
        ...

    async def holder(self, uow: UnitOfWork, address: str, *, chain_id: int) -> OwnerRef | None:
        """The personal organisation of whose wallet it is on a chain; None when it is nobody's here
        (system scope)."""
        ...


class Creators(Protocol):
    """Owned here, fulfilled by whoever knows where sellers are paid on chains."""

    async def wallet(self, uow: UnitOfWork, organisation_id: str, *, chain_id: int) -> str | None:
        """Where royalties go; None while the seller named no wallet."""
        ...


class RefundWindows(Protocol):
    """Owned here, fulfilled by sales on chains."""

    async def open_until(self, uow: UnitOfWork, order_id: str) -> datetime | None:
        """Until when the buyer of an order can have the money back by the contract alone."""
        ...


class Tokens(Protocol):
    """Licences as tokens."""

    async def mint(
        self, uow: UnitOfWork, actor: Actor, licence_id: str, request: MintRequest
    ) -> LicenceToken:
        """Wants a licence as a token in the caller's wallet; asking again changes nothing.

        Raises:
            NotFound: `licence_unknown`, `chain_unknown`. Forbidden: `licensee_only`.
            Invalid: `licence_not_mintable`, `wallet_not_yours`.
            Conflict: `licence_not_good`, `licence_minted`, `refund_window_open`,
                `creator_wallet_missing`.
        """
        ...

    async def token(self, uow: UnitOfWork, actor: Actor, licence_id: str) -> LicenceToken | None:
        """A licence's token, for its parties; None while it has none.

        Raises:
            NotFound: `licence_unknown`.
        """
        ...

    async def where(self, uow: UnitOfWork, actor: Actor) -> Sequence[tuple[str, str]]:
        """The chains and the caller's wallets there to which can be minted now."""
        ...


class Asks(Protocol):
    """The resale of licences by their holders."""

    async def open(
        self, uow: UnitOfWork, actor: Actor, licence_id: str, request: AskRequest
    ) -> OwnAsk:
        """An ask for the holder's wallet to sign.

        Raises:
            NotFound: `licence_unknown`, `token_unknown`. Forbidden: `licensee_only`.
            Invalid: `currency_unknown`. Unavailable: `chain_away`.
            Conflict: `licence_not_good`, `licence_not_transferable`, `token_not_yours`,
                `creator_wallet_missing`.
        """
        ...

    async def sign(self, uow: UnitOfWork, actor: Actor, ask_id: str, signature: str) -> OwnAsk:
        """Puts an ask up, in the place of an earlier one for the same licence.

        Raises:
            NotFound: `ask_unknown`. Conflict: `ask_closed`. Invalid: `signature_wrong`.
        """
        ...

    async def get(self, uow: UnitOfWork, ask_id: str) -> LicenceAsk:
        """An ask that is open, or of an organisation in this scope. Raises NotFound
        `ask_unknown`."""
        ...

    async def own(self, uow: UnitOfWork, actor: Actor, ask_id: str) -> OwnAsk:
        """One of the caller's organisations'. Raises NotFound `ask_unknown`."""
        ...

    async def of_licence(self, uow: UnitOfWork, actor: Actor, licence_id: str) -> LicenceAsk | None:
        """The open ask of a licence of the caller's."""
        ...

    async def withdraw(self, uow: UnitOfWork, actor: Actor, ask_id: str) -> OwnAsk:
        """Takes an ask off the list; `cancel` makes it worthless on the chain as well.

        Raises:
            NotFound: `ask_unknown`. Conflict: `ask_closed`.
        """
        ...

    async def page(
        self, uow: UnitOfWork, *, listing_id: str | None, cursor: str | None, limit: int
    ) -> Page[LicenceAsk]:
        """Asks that can be bought now, newest first."""
        ...

    async def purchase(
        self, uow: UnitOfWork, actor: Actor, ask_id: str, *, wallet: str
    ) -> AskPurchase:
        """How one of the caller's wallets buys it.

        Raises:
            NotFound: `ask_unknown`. Conflict: `ask_closed`. Invalid: `wallet_not_yours`.
            Unavailable: `chain_away`.
        """
        ...
