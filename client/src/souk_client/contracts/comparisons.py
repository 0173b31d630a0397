"""Discovery: listings side by side."""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta

from souk_client.contracts.base import Answer, ListingKind, OwnerRef

RowGroup = Literal["price", "rating", "metrics", "licence", "specs", "files", "activity"]
Direction = Literal["lower", "higher"]


class ComparedListing(Answer, frozen=True, kw_only=True):
    """The head of a column."""

    id: str
    address: str
    owner: OwnerRef
    kind: ListingKind
    title: str
    summary: str
    version: str | None
    published_at: datetime | None


class ComparedMoney(Answer, frozen=True, kw_only=True):
    """A price as the seller names it, and for comparing in another currency."""

    amount_minor: int
    currency: str
    converted_minor: int | None = None
    converted_currency: str | None = None
    rate_as_of: date | None = None
    """The day of the rate behind the converted amount."""
    rate_source: str | None = None
    """Who stated it."""


class ComparedCell(Answer, frozen=True, kw_only=True):
    """What one listing says in one row; everything empty: it does not say."""

    number: float | None = None
    """In the row's unit."""
    text: str = ""
    values: list[str] = []
    money: ComparedMoney | None = None
    note: str = ""
    """What belongs to it: what a metric was measured on and how, how many reviews there are."""
    verified: bool = False
    """Whether the platform measured it itself."""
    best: bool = False
    """Whether no other listing does better in this row; all that tie are marked."""


class ComparedRow(Answer, frozen=True, kw_only=True):
    """One property of every listing, in the order of the listings."""

    group: RowGroup
    name: str
    unit: str = ""
    better: Direction | None = None
    """Which way is better; null where neither is."""
    unmarked: Annotated[
        str, Meta(description="why no best cell is marked although one could be; else empty")
    ] = ""
    cells: list[ComparedCell]


class Comparison(Answer, frozen=True, kw_only=True):
    """Aligned rows: cell n of every row belongs to listing n."""

    listings: list[ComparedListing]
    rows: list[ComparedRow]
