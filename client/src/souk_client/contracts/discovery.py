"""Discovery: search answers and suggestions."""

from souk_client.contracts.base import Answer
from souk_client.contracts.works import ListingSummary


class FacetValue(Answer, frozen=True, kw_only=True):
    value: str
    count: int


class Facet(Answer, frozen=True, kw_only=True):
    """Counts over all matches, with the facet's own filter lifted."""

    name: str
    values: list[FacetValue]


class SearchHit(Answer, frozen=True, kw_only=True):
    listing: ListingSummary
    score: float
    matched: list[str] = []
    """Which ways found it: `text`, `meaning`."""


class SearchAnswer(Answer, frozen=True, kw_only=True):
    items: list[SearchHit]
    total: int
    facets: list[Facet]
    did_you_mean: str | None = None
    next_cursor: str | None = None
    took_ms: float


class Suggestion(Answer, frozen=True, kw_only=True):
    text: str
    address: str | None = None
    kind: str | None = None


class Suggestions(Answer, frozen=True, kw_only=True):
    items: list[Suggestion]
