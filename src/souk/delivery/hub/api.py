"""What the hub asks of those above it."""

from typing import Literal, Protocol

import msgspec

from souk.kernel.paging import Page
from souk_client.contracts.works import ListingSummary

__all__ = ["RepositoryQuestion", "RepositorySearch"]


class RepositoryQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What repositories somebody looks for."""

    text: str = ""
    dataset: bool = False
    """Datasets, or else models."""
    owner: str | None = None
    """The slug of an organisation."""
    tags: tuple[str, ...] = ()
    task: str | None = None
    sort: Literal["relevance", "newest", "downloads", "trending"] = "relevance"
    cursor: str | None = None
    limit: int = 20


class RepositorySearch(Protocol):
    """Owned by the hub, implemented above (discovery.search): finds published listings."""

    async def find(self, question: RepositoryQuestion) -> Page[ListingSummary]:
        """One page of published listings.

        Raises:
            QueryInvalid, Invalid: as the search says.
            Unavailable: `search_not_ready`, `search_busy`.
        """
        ...
