"""Search, as the hub asks for it."""

from typing import Final

from souk.delivery.hub.api import RepositoryQuestion
from souk.discovery.search.api import Filters, Search, SearchQuestion, Sort
from souk.kernel.paging import Page
from souk_client.contracts.works import ListingSummary

MODELS: Final = ("model", "plugin", "api", "agent", "design", "template", "material", "compute")
SORTS: Final = {
    "relevance": Sort.RELEVANCE,
    "newest": Sort.NEWEST,
    "downloads": Sort.DOWNLOADS,
    "trending": Sort.TRENDING,
}


class HubSearch:
    """Implements the hub's `RepositorySearch`."""

    def __init__(self, search: Search) -> None:
        self._search = search

    async def find(self, question: RepositoryQuestion) -> Page[ListingSummary]:
        """One page of published listings; a text is looked for as words, it filters nothing."""
        words = "".join(sign if sign.isalnum() else " " for sign in question.text)
        filters = Filters(
            kinds=("dataset",) if question.dataset else MODELS,
            tags=question.tags,
            tasks=() if question.task is None else (question.task,),
        )
        answer = await self._search.search(
            SearchQuestion(
                text=words.strip(),
                filters=filters,
                sort=SORTS[question.sort],
                cursor=question.cursor,
                limit=question.limit,
            )
        )
        return Page(items=[hit.listing for hit in answer.items], next_cursor=answer.next_cursor)
