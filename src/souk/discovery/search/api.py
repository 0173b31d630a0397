"""What other contexts may ask of search."""

from collections.abc import Collection, Sequence
from typing import Protocol

import msgspec

from souk.discovery.search.model import Between, Filters, Sort
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.paging import DEFAULT_LIMIT
from souk_client.contracts.discovery import SearchAnswer, Suggestions
from souk_client.contracts.works import ListingSummary

__all__ = ["Between", "Filters", "NearListing", "Search", "SearchQuestion", "Sort"]


class SearchQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody looks for."""

    text: str = ""
    """The query as it was typed: words, "exact phrases", -unwanted words, and filters such as
    `kind:model price:<10` (docs/reference/search.md). At most 1,000 characters."""
    filters: Filters = Filters()
    """Filters chosen beside the box. They join those of the text: values of one field add up, and
    of two ranges of a figure both bind."""
    sort: Sort = Sort.RELEVANCE
    cursor: str | None = None
    limit: int = DEFAULT_LIMIT


class NearListing(msgspec.Struct, frozen=True, kw_only=True):
    """A listing and how near in meaning it is."""

    listing: ListingSummary
    cosine: float
    """From -1 to 1; 1 is the same."""


class Search(Protocol):
    """Finds published listings. Needs no transaction: it reads the index alone."""

    async def search(self, question: SearchQuestion) -> SearchAnswer:
        """One page, the exact total, and exact counts of each facet.

        Raises:
            QueryInvalid: `query_invalid` (400) with `position` and `length` in characters of
                `text`, and perhaps a `suggestion`, the whole text mended.
            Invalid: `cursor_invalid`, `currency_unknown`, `price_range_invalid`,
                `filter_invalid`, `page_too_deep`.
            Unavailable: `search_not_ready`, `search_busy`.
        """
        ...

    async def suggest(self, typed: str, *, limit: int = 8) -> Suggestions:
        """Ways to go on from what is typed: words, listings by their titles, and after `kind:`
        (or the beginning of such a field) the values there are.

        Raises:
            QueryInvalid: `query_invalid` when the text is too long.
            Unavailable: `search_not_ready`, `search_busy`.
        """
        ...

    async def held_against(
        self, questions: Sequence[SearchQuestion], *, within: Filters
    ) -> list[list[str] | None]:
        """Which of the listings within some filters each question matches, by their ids.

        For many questions about few listings. Every word must be there, in any of its forms;
        nothing is found by meaning, mended or ranked. None for a question that cannot be read.

        Raises:
            Unavailable: `search_not_ready`, `search_busy`.
        """
        ...

    async def near(
        self, uow: UnitOfWork, listing_ids: Collection[str], *, limit: int = 20
    ) -> list[NearListing]:
        """What is nearest in meaning to the middle of these listings, none of them, best first.

        Listings without a vector yet count for nothing; with none left the answer is empty.

        Raises:
            Unavailable: `search_not_ready`, `search_busy`.
        """
        ...
