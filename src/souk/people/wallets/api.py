"""What other contexts may ask of wallets, and what wallets need from above."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.ids import LinkedWalletId, UserId
from souk.people.access.api import PageSession
from souk.people.wallets.accounts import did_pkh, is_address, keccak256, with_checksum
from souk_client.contracts.wallets import (
    ChallengeRequest,
    LinkedWallet,
    SignedMessage,
    WalletChallenge,
    WalletLinkRequest,
    WalletUpdate,
)

__all__ = [
    "ContractWallets",
    "Dids",
    "WalletFacts",
    "WalletKind",
    "Wallets",
    "did_pkh",
    "is_address",
    "keccak256",
    "with_checksum",
]

WalletKind = Literal["key", "contract"]


class WalletFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A wallet that belongs to an account."""

    id: LinkedWalletId
    user_id: UserId
    address: str
    """In lower case."""
    kind: WalletKind
    """Whether a key signs for it, or a contract (EIP-1271)."""
    chain_id: int
    """Where it proved itself; a contract's word counts on this chain alone."""
    name: str
    published: bool
    """Whether everybody may know that it is the account's."""
    linked_at: datetime
    last_used_at: datetime | None


class ContractWallets(Protocol):
    """Asks contract wallets on their chains; `souk.rights.chain` reaches them."""

    @property
    def chain_ids(self) -> frozenset[int]:
        """The chains that can be asked."""
        ...

    async def accepts(
        self, *, chain_id: int, address: str, digest: bytes, signature: bytes
    ) -> bool:
        """Whether the contract there says that the signature is its own (EIP-1271); false where
        there is no contract.

        Raises:
            SoukError: `chain_away` (503) while no node answers.
        """
        ...


class Wallets(Protocol):
    """Wallets of accounts."""

    async def challenge(
        self, uow: UnitOfWork, actor: Actor, request: ChallengeRequest
    ) -> WalletChallenge:
        """A message to sign; to link a wallet, the caller must be signed in."""
        ...

    async def link(self, uow: UnitOfWork, actor: Actor, request: WalletLinkRequest) -> LinkedWallet:
        """Links the wallet that signed to the caller's account.

        Raises:
            Invalid: `wallet_message_invalid`, `wallet_domain_wrong`, `wallet_chain_wrong`,
                `wallet_message_expired`, `wallet_message_early`, `wallet_nonce_unknown`,
                `wallet_nonce_used`. Unauthenticated: `wallet_signature_wrong`.
            Conflict: `wallet_taken`, `too_many_wallets`. TooMany: `rate_limited`.
        """
        ...

    async def open_page_session(self, uow: UnitOfWork, signed: SignedMessage) -> PageSession:
        """A browser's session for the account of the wallet that signed.

        Raises as `link`, and Unauthenticated `wallet_not_linked`.
        """
        ...

    async def mine(self, uow: UnitOfWork, actor: Actor) -> list[LinkedWallet]:
        """The caller's wallets, newest first."""
        ...

    async def change(
        self, uow: UnitOfWork, actor: Actor, wallet_id: str, update: WalletUpdate
    ) -> LinkedWallet: ...

    async def unlink(self, uow: UnitOfWork, actor: Actor, wallet_id: str) -> None: ...

    async def owner_of(self, uow: UnitOfWork, address: str, *, chain_id: int) -> UserId | None:
        """Whose account the wallet at this address of a chain belongs to."""
        ...

    async def of_users(
        self, uow: UnitOfWork, user_ids: Sequence[str]
    ) -> dict[str, list[WalletFacts]]:
        """The wallets of users, by user (system scope)."""
        ...


class Dids(Protocol):
    """Decentralised identifiers of this marketplace."""

    def market(self) -> str:
        """The marketplace's identifier (did:web)."""
        ...

    def of_organisation(self, slug: str) -> str:
        """An organisation's identifier (did:web)."""
        ...
