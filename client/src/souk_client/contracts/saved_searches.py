"""Discovery: searches that people keep, and are told of new matches of."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from souk_client.contracts.base import (
    AmountMinor,
    Answer,
    CurrencyCode,
    ListingKind,
    Name,
    Request,
    Slug,
)
from souk_client.contracts.works import Region

Word = Annotated[str, Meta(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f]+$")]
Words = Annotated[list[Word], Meta(max_length=20)]
Figure = Annotated[float, Meta(ge=0, le=10**15)]


class FigureRange(Request, frozen=True, kw_only=True):
    """A range of a figure, ends included; an end left out is open."""

    low: Figure | None = None
    high: Figure | None = None


class SearchFilters(Request, frozen=True, kw_only=True):
    """Filters chosen beside the search box: any value of a list, but all of `tags`."""

    kinds: Annotated[list[ListingKind], Meta(max_length=20)] = []
    tasks: Words = []
    categories: Words = []
    tags: Words = []
    licences: Words = []
    frameworks: Words = []
    hardware: Words = []
    regions: Annotated[list[Region], Meta(max_length=6)] = []
    owners: Annotated[list[Slug], Meta(max_length=20)] = []
    currency: CurrencyCode | None = None
    price_min_minor: AmountMinor | None = None
    """Minor units of `currency`, or of the marketplace's own."""
    price_max_minor: AmountMinor | None = None
    rating: FigureRange | None = None
    """Stars, 0 to 5."""
    accuracy: FigureRange | None = None
    """0 to 1."""
    latency_ms: FigureRange | None = None
    size_bytes: FigureRange | None = None
    memory_gb: FigureRange | None = None
    """Of the memory a work asks for: `high` is what there is."""


Query = Annotated[
    str,
    Meta(
        max_length=900,
        pattern=r"^[^\x00]*$",
        description="as it would be typed into the search box; filters such as kind:model too",
    ),
]


class SavedSearchRequest(Request, frozen=True, kw_only=True):
    """A search to keep; it must say something: words, or a filter."""

    name: Name | None = None
    """Made from the query when left out."""
    query: Query = ""
    filters: SearchFilters = msgspec.field(default_factory=SearchFilters)


class SavedSearchUpdate(Request, frozen=True, kw_only=True):
    """Fields left out stay as they are."""

    name: Name | None = None
    paused: bool | None = None
    """Whether to be told nothing for now; what appears meanwhile is not told of later."""


class SavedSearch(Answer, frozen=True, kw_only=True):
    """A search that is kept."""

    id: str
    name: str
    query: str
    filters: SearchFilters
    paused: bool
    matches: int
    """How many works its owner was told of."""
    last_match_at: datetime | None
    created_at: datetime
