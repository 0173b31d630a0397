"""Licences as tokens on a chain, and their resale there."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta

from souk_client.contracts.base import Answer, Request
from souk_client.contracts.chain_sales import ChainCall, ChainName, WalletAddress

TokenState = Literal["queued", "sent", "mined", "final", "failed"]
"""`queued`: waits to be sent · `sent`: on its way · `mined`: in a block · `final`: so deep in the
chain that it stays · `failed`: the chain refused it."""
AskState = Literal["unsigned", "open", "sold", "withdrawn"]


class MintRequest(Request, frozen=True, kw_only=True):
    """Where the licence shall be a token; the first chain and the only wallet when not named."""

    chain: ChainName | None = None
    wallet: WalletAddress | None = None
    """One of the caller's linked wallets."""


class LicenceToken(Answer, frozen=True, kw_only=True):
    """A licence as a token."""

    licence_id: str
    chain: str
    chain_id: int
    contract: str
    token_id: str
    """32 bytes: the Keccak-256 of the licence's id."""
    holder: str
    """The wallet that has it, or will."""
    state: TokenState
    transaction_hash: str | None
    block_number: int | None
    problem: str
    """Why it waits or failed; empty when nothing is wrong."""
    requested_at: datetime


class AskRequest(Request, frozen=True, kw_only=True):
    """What a holder wants for a licence."""

    currency: Annotated[str, Meta(min_length=1, max_length=12, examples=["GENX"])]
    """The symbol of the chain's coin, or of a platform token there."""
    price_units: Annotated[
        str, Meta(pattern="^[1-9][0-9]{0,37}$", examples=["2500000000000000000"])
    ]
    """In the currency's smallest units: 18 decimals."""
    days: Annotated[int, Meta(ge=1, le=365)] = 30
    """How long the ask holds."""


class AskSignature(Request, frozen=True, kw_only=True):
    signature: Annotated[str, Meta(pattern="^0x[0-9a-fA-F]{130}$")]
    """Of `to_sign`, by the wallet that has the token."""


class LicenceAsk(Answer, frozen=True, kw_only=True):
    """A licence that its holder offers for sale."""

    id: str
    state: AskState
    listing_id: str
    listing_address: str
    listing_title: str
    chain: str
    chain_id: int
    token_id: str
    seller: str
    """The wallet that has the token."""
    currency: str
    price_units: str
    max_fee_bps: int
    """The most of the price that the marketplace gets, in hundredths of a percent."""
    max_royalty_bps: int
    """The most of the price that the creator gets, in hundredths of a percent."""
    valid_until: datetime
    created_at: datetime


class OwnAsk(Answer, frozen=True, kw_only=True):
    """An ask with what its seller's wallet has to do."""

    ask: LicenceAsk
    to_sign: dict[str, Any]  # the shape of eth_signTypedData_v4
    """What the wallet signs (EIP-712), while the ask is unsigned."""
    approve: ChainCall
    """Lets the market move this one token; it does so only for the price, once."""
    cancel: ChainCall
    """Makes the ask worthless on the chain."""


class AskPurchase(Answer, frozen=True, kw_only=True):
    """How to buy a licence from its holder."""

    ask: LicenceAsk
    call: ChainCall


class AskList(Answer, frozen=True, kw_only=True):
    items: list[LicenceAsk]
    next_cursor: str | None = None
