"""What other contexts may ask of search."""

from typing import Protocol

import msgspec

from souk.discovery.search.model import Filters, Sort
from souk.kernel.paging import DEFAULT_LIMIT
from souk_client.contracts.discovery import SearchAnswer, Suggestions

__all__ = ["Filters", "Search", "SearchQuestion", "Sort"]


class SearchQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody looks for."""

    text: str = ""
    """Plain words; "exact phrases" and -unwanted words are understood."""
    filters: Filters = Filters()
    sort: Sort = Sort.RELEVANCE
    cursor: str | None = None
    limit: int = DEFAULT_LIMIT


class Search(Protocol):
    """Finds published listings. Needs no transaction: it reads the index alone."""

    async def search(self, question: SearchQuestion) -> SearchAnswer:
        """One page, the exact total, and exact counts of each facet.

        Raises:
            Invalid: `cursor_invalid`, `currency_unknown`, `price_range_invalid`.
            Unavailable: `search_not_ready`, `search_busy`.
        """
        ...

    async def suggest(self, typed: str, *, limit: int = 8) -> Suggestions:
        """Ways to go on from what is typed: words, and listings by their titles.

        Raises:
            Unavailable: `search_not_ready`, `search_busy`.
        """
        ...
