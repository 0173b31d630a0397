"""What is searched, what may be asked, and what comes back: plain values, no I/O."""

from enum import StrEnum
from typing import Final

import msgspec

MAX_LISTINGS: Final = 2**24
"""How many listings an index can tell apart when it sorts (16.7 million)."""


class Sort(StrEnum):
    """The order of an answer. Without words to search for, `relevance` means `newest`."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    PRICE_ASC = "price_asc"
    PRICE_DESC = "price_desc"
    DOWNLOADS = "downloads"


class SearchDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A published listing as the index sees it."""

    seq: int
    """The listing's own number, below MAX_LISTINGS; breaks ties and never changes."""
    change: int
    """Rises with every change of the listing; tells a stale index from a fresh one."""
    kind: str
    owner: str
    """Slug of the owning organisation."""
    title: str
    summary: str = ""
    card: str = ""
    """The model card as plain text."""
    seller: str = ""
    tags: tuple[str, ...] = ()
    licence: str | None = None
    task: str = ""
    category: str = ""
    price_minor: int | None = None
    """The lowest price in minor units of `currency`; None when nothing is on offer."""
    currency: str | None = None
    downloads: int = 0
    published_at_ms: int = 0
    payload: bytes = b""
    """Kept as it is and handed back with a hit."""


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What a match must also satisfy.

    Any one of `kinds`, of `licences`, of `tasks` and of `categories`; all of `tags`. Price bounds
    are in minor units of `currency`, ends included; without a currency they are in the
    marketplace's own, and what is free in any currency fits a bound from zero.
    """

    kinds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    owner: str | None = None
    currency: str | None = None
    price_min_minor: int | None = None
    price_max_minor: int | None = None


class After(msgspec.Struct, frozen=True, kw_only=True):
    """Where the next page starts: after this item."""

    seq: int
    key: int
    """The item's sort key, or its place (from 1) in an answer by relevance."""


class SearchRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One question to the index."""

    text: str = ""
    filters: Filters = Filters()
    sort: Sort = Sort.RELEVANCE
    limit: int = 20
    after: After | None = None


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """One listing found."""

    seq: int
    payload: bytes
    score: float
    matched: tuple[str, ...]
    """Which ways found it: `text`, `meaning`."""


class FacetCount(msgspec.Struct, frozen=True):
    value: str
    count: int


class SearchResult(msgspec.Struct, frozen=True, kw_only=True):
    """One page, the exact number of all matches, and their exact counts by facet."""

    hits: list[Hit]
    total: int
    facets: dict[str, list[FacetCount]]
    did_you_mean: str | None = None
    next_after: After | None = None


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """A suggestion: a way to end the words typed, or (with a payload) a listing."""

    text: str
    payload: bytes | None = None
