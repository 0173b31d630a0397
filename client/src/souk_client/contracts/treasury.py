"""Treasury: wallets, deposits, transfers, statements."""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta

from souk_client.contracts.base import Answer, CurrencyCode, Id, PositiveMinor, Request


class Balance(Answer, frozen=True, kw_only=True):
    currency: str
    available_minor: int
    held_minor: int
    owed_minor: int = 0
    """What the marketplace advanced for a refund and collects first; zero or positive."""


class Wallet(Answer, frozen=True, kw_only=True):
    organisation_id: str
    balances: list[Balance]


class DepositRequest(Request, frozen=True, kw_only=True):
    """Money in, through a payment provider."""

    amount_minor: PositiveMinor
    currency: CurrencyCode
    provider: Annotated[str, Meta(max_length=40)] = "test"
    organisation_id: Id | None = None


class Deposit(Answer, frozen=True, kw_only=True):
    id: str
    organisation_id: str
    amount_minor: int
    currency: str
    provider: str
    state: Literal["pending", "settled", "failed"]
    transfer_id: str | None = None
    next_url: str | None = None
    """Where the payer goes on, while a provider asks them something."""
    failure: str | None = None
    """Why no money came."""
    created_at: datetime


class TransferRequest(Request, frozen=True, kw_only=True):
    """Money from the caller's wallet to another organisation's."""

    to_organisation_id: Id
    amount_minor: PositiveMinor
    currency: CurrencyCode
    note: Annotated[str, Meta(max_length=200)] = ""
    organisation_id: Id | None = None
    """Whose wallet pays; the caller's personal organisation when left out."""


class Transfer(Answer, frozen=True, kw_only=True):
    id: str
    kind: str
    amount_minor: int
    currency: str
    created_at: datetime


class StatementLine(Answer, frozen=True, kw_only=True):
    """One posting on a wallet: signed amount, and the balance it left."""

    transfer_id: str
    kind: str
    amount_minor: int
    currency: str
    balance_after_minor: int
    note: str
    reference: str | None = None
    """What it was for, such as an order id."""
    created_at: datetime


class QuotedRate(Request, frozen=True, kw_only=True):
    """How many units of a currency one unit of the base is worth."""

    currency: CurrencyCode
    rate: Annotated[str, Meta(min_length=1, max_length=40, examples=["1.0871"])]
    """An exact decimal."""


class RatesRequest(Request, frozen=True, kw_only=True):
    """Rates of one day from one source."""

    source: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9._-]{0,39}$", examples=["treasury"])]
    base: CurrencyCode
    as_of: date
    rates: Annotated[list[QuotedRate], Meta(min_length=1, max_length=200)]


class Rate(Answer, frozen=True, kw_only=True):
    currency: str
    rate: str
    """An exact decimal; of a cross rate, rounded to ten digits or more."""
    as_of: date
    source: str
    stale: bool
    """Too old: nothing is converted with it."""
    crossed: bool
    """Computed from two quoted rates."""


class RateList(Answer, frozen=True, kw_only=True):
    """What one unit of `base` is worth."""

    base: str
    rates: list[Rate]
    max_age_days: int


class Conversion(Answer, frozen=True, kw_only=True):
    """An amount in another currency, for information: payments are in the offer's own."""

    amount_minor: int
    currency: str
    to: str
    converted_minor: int | None
    """Minor units of `to`, rounded half up; null when no fresh rate leads there."""
    rate: str | None
    as_of: date | None
    source: str | None
