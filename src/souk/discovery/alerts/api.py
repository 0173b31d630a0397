"""What others may ask of saved searches."""

from typing import Protocol

from souk.discovery.alerts.filters import filters_of
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.saved_searches import (
    FigureRange,
    SavedSearch,
    SavedSearchRequest,
    SavedSearchUpdate,
    SearchFilters,
)

__all__ = [
    "FigureRange",
    "SavedSearch",
    "SavedSearchRequest",
    "SavedSearchUpdate",
    "SavedSearches",
    "SearchFilters",
    "filters_of",
]


class SavedSearches(Protocol):
    """The searches a user keeps."""

    async def all(self, uow: UnitOfWork, actor: Actor) -> list[SavedSearch]:
        """The caller's, newest first. Raises Unauthenticated `sign_in_needed`."""
        ...

    async def get(self, uow: UnitOfWork, actor: Actor, saved_search_id: str) -> SavedSearch:
        """One of the caller's. Raises NotFound `saved_search_unknown`."""
        ...

    async def save(self, uow: UnitOfWork, actor: Actor, request: SavedSearchRequest) -> SavedSearch:
        """Keeps a search; its owner is told of works that match it from now on.

        Raises:
            Invalid: `saved_search_empty`, `saved_search_too_long`, `currency_unknown`,
                `price_range_invalid`.
            QueryInvalid: `query_invalid`.
            Conflict: `saved_search_exists` (the same search), `saved_searches_full`.
            Unavailable: `search_not_ready`, `search_busy`.
        """
        ...

    async def change(
        self, uow: UnitOfWork, actor: Actor, saved_search_id: str, update: SavedSearchUpdate
    ) -> SavedSearch:
        """Renames or pauses. Raises NotFound `saved_search_unknown`."""
        ...

    async def forget(self, uow: UnitOfWork, actor: Actor, saved_search_id: str) -> None:
        """Deletes it. Raises NotFound `saved_search_unknown`."""
        ...
