"""Discovery: search answers and suggestions."""

from typing import Literal

from souk_client.contracts.base import Answer
from souk_client.contracts.works import ListingSummary


class FacetValue(Answer, frozen=True, kw_only=True):
    """A value that may be chosen, and how many matches choosing it (alone) gives."""

    value: str
    count: int
    low: float | None = None
    """Of a range: its lower end, included, in the facet's unit; null is open."""
    high: float | None = None
    """Of a range: its upper end, included; null is open."""


class Facet(Answer, frozen=True, kw_only=True):
    """Counts over all matches, with the facet's own filter lifted (not for `tag`: tags add up)."""

    name: str
    """kind, category, task, tag, licence, currency, framework, hardware, region, price, rating,
    accuracy, latency, size."""
    values: list[FacetValue]
    unit: str | None = None
    """Of a facet of ranges: `USD` (minor units), `stars`, `share` (0 to 1), `ms`, `bytes`."""


class SearchHit(Answer, frozen=True, kw_only=True):
    """A listing found, with what a card shows beside it."""

    listing: ListingSummary
    score: float
    matched: list[str] = []
    """Which ways found it: `text`, `meaning`."""
    rating: float | None = None
    """Bayesian mean of its reviews, 1 to 5; null without reviews."""
    rating_count: int = 0
    favourites: int = 0
    accuracy: float | None = None
    """From its metrics, 0 to 1."""
    latency_ms: float | None = None
    """From its metrics."""
    size_bytes: int | None = None
    """Of all files of its current version."""


class ParsedPart(Answer, frozen=True, kw_only=True):
    """A filter that was written in the query: cut `start` to `end` out of the text to drop it."""

    field: str
    op: Literal[":", "<", "<=", ">", ">=", "=", ".."]
    """How the value binds: `:` is one of the values, `..` a range."""
    value: str
    """As it was understood: `10 USD`, `0.9`, `model, dataset`."""
    negated: bool = False
    start: int
    """Counted in characters (Unicode code points) of the query as it was sent."""
    end: int


class SearchAnswer(Answer, frozen=True, kw_only=True):
    items: list[SearchHit]
    total: int
    facets: list[Facet]
    text: str = ""
    """The words of the query without the filters written in it."""
    parsed: list[ParsedPart] = []
    """The filters written in the query, in their order."""
    did_you_mean: str | None = None
    """The whole query with its misspelt words mended; the filters in it stay."""
    next_cursor: str | None = None
    ends_after: int | None = None
    """Set when the pages end before the matches do: an answer by relevance goes so far down."""
    took_ms: float


class Suggestion(Answer, frozen=True, kw_only=True):
    """A way to go on: a query to ask, or (with an address) a listing to open."""

    text: str
    """The whole query after taking it; of a listing its title."""
    about: Literal["words", "listing", "field", "value"] = "words"
    label: str | None = None
    """Of a field or value: what to show (`task:`, `classification`); else show `text`."""
    count: int | None = None
    """Of a value: how many listings have it."""
    address: str | None = None
    kind: str | None = None


class Suggestions(Answer, frozen=True, kw_only=True):
    items: list[Suggestion]
