"""Buying with a wallet on a chain: quotes, signed offers, and what became of them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from msgspec import Meta

from souk_client.contracts.base import AmountMinor, Answer, CurrencyCode, Id, Request
from souk_client.contracts.promotions import PromotionCode

ChainName = Annotated[str, Meta(pattern="^[a-z][a-z0-9-]{0,31}$", examples=["local", "polygon"])]
WalletAddress = Annotated[
    str, Meta(pattern="^0x[0-9a-fA-F]{40}$", description="an account's address on a chain")
]
TransactionHash = Annotated[
    str, Meta(pattern="^0x[0-9a-fA-F]{64}$", description="a transaction's hash")
]
ChainSaleState = Literal[
    "pending", "expired", "confirmed", "final", "undone", "refunded", "credited", "disputed"
]
"""`pending`: the offer can be paid · `expired`: its time is over, and no payment was seen ·
`confirmed`: paid; order and licence are there · `final`: so deep in the chain that it stays ·
`undone`: the chain took the payment back, and the order with it; it comes back with the payment ·
`refunded`: the contract gave the money back · `credited`: paid though it was owned already; the
money is in the buyer's wallet here · `disputed`: what the chain says contradicts the offer."""


class ChainQuote(Answer, frozen=True, kw_only=True):
    """What an offer costs now in something that a chain pays with."""

    chain: str
    chain_id: int
    currency: str
    price_minor: int
    """Rounded up to a minor unit."""
    price_units: str
    """The same in the smallest units of the chain (18 decimals): what the contract takes."""
    rate: str | None
    """Units of `currency` for one unit of the listing's; null where it is the same currency."""
    rate_as_of: date | None
    rate_source: str | None


class ChainQuoteList(Answer, frozen=True, kw_only=True):
    listing_id: str
    offer_id: str
    price_minor: int
    currency: str
    quotes: list[ChainQuote]
    """Empty where no chain sells now, or no fresh rate leads to what is paid there."""
    hold_minutes: int
    """How long a price is kept once an offer is signed."""


class ChainSaleRequest(Request, frozen=True, kw_only=True):
    """Asks for a signed offer, which one wallet can pay."""

    listing_id: Id
    offer_id: Id | None = None
    chain: ChainName
    currency: CurrencyCode
    """The chain's coin, GENX or FTNS."""
    wallet: WalletAddress
    """Who will pay: nobody else can."""
    organisation_id: Id | None = None
    """Who gets the licence; the caller's personal organisation when left out."""
    affiliate: Annotated[str, Meta(max_length=96)] | None = None
    promotion_code: PromotionCode | None = None
    expected_price_minor: AmountMinor | None = None
    """In the listing's currency, as for an order."""
    expected_currency: CurrencyCode | None = None
    max_price_minor: Annotated[int, Meta(ge=1, le=10**15)] | None = None
    """The most that may be paid, in `currency`: 409 when the rate has moved past it."""


class ChainCall(Answer, frozen=True, kw_only=True):
    """A transaction that the wallet can send."""

    chain_id: int
    to: str
    value: str
    """In wei, decimal."""
    data: str
    permit: dict[str, Any] | None = None  # what eth_signTypedData_v4 takes
    """For a token: sign this first; append to `data` value, deadline, v, r, s (32 bytes each)."""


class ChainSaleStep(Answer, frozen=True, kw_only=True):
    state: str
    said: str
    order_id: str | None
    transaction_hash: str | None
    block_number: int | None
    happened_at: datetime


class ChainSale(Answer, frozen=True, kw_only=True):
    """A signed offer for one wallet, and what has become of it."""

    id: str
    state: ChainSaleState
    chain: str
    chain_id: int
    listing_id: str
    listing_title: str
    offer_id: str
    buyer_organisation_id: str
    wallet: str
    currency: str
    price_minor: int
    price_units: str
    token: str
    """What is paid in; the zero address is the chain's coin."""
    quoted_minor: int
    """The price in the listing's currency."""
    quoted_currency: str
    rate: str | None
    rate_as_of: date | None
    rate_source: str | None
    market: str
    """The contract that takes the money."""
    nonce: str
    offer: dict[str, Any]  # EIP-712 typed data
    """The offer as typed data, in the registrar's name."""
    signature: str
    deadline: datetime
    """Until when it can be paid."""
    refund_window_s: int
    refund_until: datetime | None
    order_id: str | None
    licence_id: str | None
    transaction_hash: str | None
    transaction_url: str | None
    block_number: int | None
    hinted_hash: str | None
    """What the buyer's page said it sent; it proves nothing."""
    problem: str
    """What went wrong and what to do, in words; empty when all is well."""
    pay: ChainCall | None
    """Only while it can be paid."""
    refund: ChainCall | None
    """Only while the money can be had back from the contract."""
    steps: list[ChainSaleStep]
    created_at: datetime


class ChainSaleHint(Request, frozen=True, kw_only=True):
    """What was sent, as the buyer's wallet says. It is looked at, and never believed."""

    transaction_hash: TransactionHash


class PayoutWallet(Answer, frozen=True, kw_only=True):
    """Where an organisation gets its parts of sales on chains."""

    organisation_id: str
    wallet: str | None
    """Null: the marketplace keeps them, and they are in the organisation's wallet here."""
    chain_id: int | None
    """The only chain for which it counts, where it is a contract's; null: everywhere."""


class PayoutWalletRequest(Request, frozen=True, kw_only=True):
    organisation_id: Id | None = None
    wallet: WalletAddress | None
    """One of the caller's linked wallets; null to be paid here again."""
