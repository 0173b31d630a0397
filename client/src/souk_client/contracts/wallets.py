"""Wallets that belong to accounts, and Sign-In with Ethereum (EIP-4361)."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from souk_client.contracts.base import Answer, Request

WalletAddress = Annotated[
    str,
    Meta(
        pattern="^0x[0-9a-fA-F]{40}$",
        description="An account on an EVM chain",
        examples=["0x9D85ca56217D2bb651b00f15e694EB7E713637D4"],
    ),
]
ChainId = Annotated[int, Meta(ge=1, le=2**53 - 1, description="A chain's id (EIP-155)")]
WalletName = Annotated[str, Meta(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]
Signature = Annotated[
    str,
    Meta(
        pattern="^0x(?:[0-9a-fA-F]{2}){1,4096}$",
        max_length=8194,
        description="The wallet's answer to personal_sign, in hexadecimal",
    ),
]


class ChallengeRequest(Request, frozen=True, kw_only=True):
    """Asks for a message that a wallet shall sign."""

    address: WalletAddress
    chain_id: ChainId
    """The chain that the wallet is on."""
    purpose: Literal["sign_in", "link"] = "sign_in"
    """What signing shall do; to link, the caller is signed in already."""


class WalletChallenge(Answer, frozen=True, kw_only=True):
    """A message to sign, good once and until it expires."""

    message: str
    """The whole message: the wallet signs it with personal_sign, letter for letter."""
    nonce: str
    statement: str
    domain: str
    uri: str
    expires_at: datetime


class SignedMessage(Request, frozen=True, kw_only=True):
    """A message that was given out here, and the wallet's signature."""

    message: Annotated[str, Meta(min_length=1, max_length=4096)]
    signature: Signature


class WalletLinkRequest(SignedMessage, frozen=True, kw_only=True):
    """Links the wallet that signed to the caller's account."""

    name: WalletName = ""
    """What the owner calls it."""


class WalletUpdate(Request, frozen=True, kw_only=True):
    """Fields left out stay as they are."""

    name: WalletName | None = None
    published: bool | None = None
    """Whether everybody may know that it is the account's (in its DID document)."""


class LinkedWallet(Answer, frozen=True, kw_only=True):
    """A wallet of an account."""

    id: str
    address: str
    """With the capitals of EIP-55."""
    kind: Literal["key", "contract"]
    """Whether a key signs for it, or a contract (EIP-1271)."""
    chain_id: int
    """The chain on which it proved itself."""
    did: str
    """The wallet's decentralised identifier (did:pkh)."""
    name: str
    published: bool
    linked_at: datetime
    last_used_at: datetime | None = None


class LinkedWallets(Answer, frozen=True, kw_only=True):
    """The wallets of an account, newest first."""

    items: list[LinkedWallet]


class DidKey(Answer, frozen=True, kw_only=True):
    """An Ed25519 public key (RFC 8037)."""

    kty: str
    crv: str
    x: str
    kid: str


class DidMethod(Answer, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A way to check what a DID's subject says: a key, or an account on a chain."""

    id: str
    type: str
    controller: str
    public_key_jwk: DidKey | None = None
    blockchain_account_id: str | None = None
    """CAIP-10: namespace, chain and address."""


class DidService(Answer, frozen=True, kw_only=True, rename="camel"):
    """Where something of the subject is."""

    id: str
    type: str
    service_endpoint: str


class DidDocument(Answer, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What is known of a decentralised identifier (W3C DID 1.0)."""

    context: list[str] = msgspec.field(name="@context")
    id: str
    controller: str | None = None
    also_known_as: list[str] = []
    verification_method: list[DidMethod] = []
    authentication: list[str] = []
    assertion_method: list[str] = []
    service: list[DidService] = []
