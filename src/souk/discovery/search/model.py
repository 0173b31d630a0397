"""What is searched, what may be asked, and what comes back: plain values, no I/O."""

from enum import StrEnum
from typing import Final, Literal

import msgspec

MAX_LISTINGS: Final = 2**24
"""How many listings an index can tell apart when it sorts (16.7 million)."""


class Sort(StrEnum):
    """The order of an answer. Without words to search for, `relevance` means `newest`."""

    RELEVANCE = "relevance"
    TRENDING = "trending"
    NEWEST = "newest"
    RATING = "rating"
    PRICE_ASC = "price_asc"
    PRICE_DESC = "price_desc"
    DOWNLOADS = "downloads"


class SearchDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A published listing as the index sees it. Figures are whole numbers of the unit named."""

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
    frameworks: tuple[str, ...] = ()
    """Frameworks and runtimes it works with."""
    hardware: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    """Where it may be sold; empty is everywhere."""
    price_minor: int | None = None
    """The lowest price in minor units of `currency`; None when nothing is on offer."""
    currency: str | None = None
    rating_milli: int | None = None
    """Bayesian mean of its reviews in thousandths of a star; None without reviews."""
    rating_count: int = 0
    trending_milli: int = 0
    favourites: int = 0
    accuracy_ppm: int | None = None
    """Accuracy in millionths."""
    latency_us: int | None = None
    size_bytes: int | None = None
    memory_mb: int | None = None
    """The memory it asks for."""
    downloads: int = 0
    published_at_ms: int = 0
    payload: bytes = b""
    """Kept as it is and handed back with a hit."""


def normal(value: str) -> str:
    """The form in which words of a field are counted and compared."""
    return " ".join(value.lower().split())


class Between(msgspec.Struct, frozen=True):
    """A range of whole numbers, ends included; None is open. Nothing lies in it when low > high."""

    low: int | None = None
    high: int | None = None


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What a match must also satisfy.

    Any one of `kinds`, and so for each list, but all of `tags`; none of `without`. Names are
    compared without case. Price bounds are in minor units of `currency`, ends included; without a
    currency they are in the marketplace's own, and what is free in any currency fits a bound from
    zero. A listing that does not say a figure does not pass a filter on it.
    """

    kinds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    frameworks: tuple[str, ...] = ()
    hardware: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    """A listing without regions is sold in all of them."""
    owners: tuple[str, ...] = ()
    without: tuple[tuple[str, str], ...] = ()
    """Field (`kind`, `tag`, …) and value of what no match may have."""
    currency: str | None = None
    price_min_minor: int | None = None
    price_max_minor: int | None = None
    rating_milli: Between | None = None
    accuracy_ppm: Between | None = None
    latency_us: Between | None = None
    size_bytes: Between | None = None
    memory_mb: Between | None = None
    """Of the memory a listing asks for: what runs with 16 GB asks for at most 16,000 MB."""
    downloads: Between | None = None
    published_ms: Between | None = None


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
    mended: tuple[tuple[str, str], ...] = ()
    """Words as they were typed (in lower case), and what they were most likely meant to be."""
    next_after: After | None = None
    ends_after: int | None = None
    """Set when an answer by relevance has more matches than it goes down to."""


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """A suggestion: a query that goes on from what is typed, or (with a payload) a listing."""

    text: str
    about: Literal["words", "field", "value"] = "words"
    label: str | None = None
    """Of a field or value: what it is shown as."""
    count: int | None = None
    """Of a value: how many listings have it."""
    payload: bytes | None = None
