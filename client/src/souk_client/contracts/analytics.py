"""Analytics: what people look at and buy, for the seller of it. All times are UTC."""

from datetime import date, datetime
from typing import Literal

from souk_client.contracts.base import Answer

Grain = Literal["hour", "day"]


class TrafficNumbers(Answer, frozen=True, kw_only=True):
    """Counts of a time."""

    views: int
    visitors: int
    """Different visitors. Over several days it is the sum of each day's, since a visitor's id
    does not outlive its day."""
    clicks: int
    """Openings of a listing from our own search."""
    checkouts: int
    favourites: int
    downloads: int
    orders: int
    refunds: int
    conversion: float | None
    """Orders for each visitor, at most 1; null when nobody came."""


class TrafficPoint(Answer, frozen=True, kw_only=True):
    """One hour or day."""

    starts_at: datetime
    numbers: TrafficNumbers


class Earnings(Answer, frozen=True, kw_only=True):
    """Money in one currency. What reached the seller is `net_minor - refunded_minor`."""

    currency: str
    orders: int
    refunds: int
    gross_minor: int
    """What buyers paid."""
    net_minor: int
    """The seller's own share of it, before refunds."""
    refunded_minor: int
    """The part of the seller's share that refunds of this time took back."""


class EarningsPoint(Answer, frozen=True, kw_only=True):
    """Money of one hour or day."""

    starts_at: datetime
    earnings: Earnings


class CountryEarnings(Answer, frozen=True, kw_only=True):
    """Money of one country; `unknown` where no trusted proxy names it."""

    country: str
    earnings: Earnings


class OriginCount(Answer, frozen=True, kw_only=True):
    """Where views and orders came from."""

    value: str
    views: int
    orders: int


class AnalyticsReport(Answer, frozen=True, kw_only=True):
    """Numbers of an organisation, or of one listing of it, from `since` to `until` inclusive."""

    organisation_id: str
    listing_id: str | None
    """Null when it is about all listings of the organisation."""
    since: date
    until: date
    grain: Grain
    totals: TrafficNumbers
    points: list[TrafficPoint]
    """Every hour or day of the time, quiet ones too, in order."""
    earnings: list[Earnings]
    """By currency."""
    earnings_points: list[EarningsPoint]
    """By hour or day and currency; only those with an order or a refund."""
    earnings_by_country: list[CountryEarnings]
    countries: list[OriginCount]
    """The most views first, at most 50; as `sources` and `queries`."""
    sources: list[OriginCount]
    """`direct`, `search`, `marketplace`, `api`, or the host of another site."""
    queries: list[OriginCount]
    """Search words that led here; they are forgotten with the single facts."""


class ListingAnalytics(Answer, frozen=True, kw_only=True):
    """Numbers of one of an organisation's listings."""

    listing_id: str
    address: str
    title: str
    numbers: TrafficNumbers
    earnings: list[Earnings]


class SearchCount(Answer, frozen=True, kw_only=True):
    """How often something was searched for."""

    query: str
    searches: int
    visitors: int
    without_result: int


class SearchCounts(Answer, frozen=True, kw_only=True):
    """What was searched for most."""

    items: list[SearchCount]
