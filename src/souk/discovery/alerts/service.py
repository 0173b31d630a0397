"""Use cases of saved searches."""

import msgspec

from souk.discovery.alerts import model, store
from souk.discovery.alerts.errors import (
    SavedSearchEmpty,
    SavedSearchesFull,
    SavedSearchExists,
    SavedSearchTooLong,
    SavedSearchUnknown,
)
from souk.discovery.alerts.filters import filters_of
from souk.discovery.alerts.settings import AlertSettings
from souk.discovery.search.api import Search, SearchQuestion
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.ids import new_id
from souk_client.contracts.saved_searches import (
    SavedSearch,
    SavedSearchRequest,
    SavedSearchUpdate,
)


class SavedSearchService:
    """Implements `api.SavedSearches`."""

    def __init__(self, *, search: Search, settings: AlertSettings) -> None:
        self._search = search
        self._settings = settings

    async def all(self, uow: UnitOfWork, actor: Actor) -> list[SavedSearch]:
        """See `api.SavedSearches.all`."""
        return [row.answer() for row in await store.of_user(uow, actor.require_user())]

    async def get(self, uow: UnitOfWork, actor: Actor, saved_search_id: str) -> SavedSearch:
        """See `api.SavedSearches.get`."""
        user_id = actor.require_user()
        found = await store.of_user(uow, user_id, saved_search_id=saved_search_id)
        if not found:
            raise SavedSearchUnknown()
        return found[0].answer()

    async def save(self, uow: UnitOfWork, actor: Actor, request: SavedSearchRequest) -> SavedSearch:
        """See `api.SavedSearches.save`."""
        user_id = actor.require_user()
        query, filters = request.query.strip(), model.normal(request.filters)
        if model.is_empty(query, filters):
            raise SavedSearchEmpty()
        if len(query) > model.MAX_QUERY:
            raise SavedSearchTooLong(model.MAX_QUERY)
        # The search itself says whether it can be read, and what its query asks for.
        answer = await self._search.search(
            SearchQuestion(text=query, filters=filters_of(filters), limit=1)
        )
        await store.lock_user(uow, user_id)
        question = model.question_of(query, filters)
        known = await store.named_like(uow, user_id, question)
        if known is not None:
            raise SavedSearchExists(known)
        if await store.count(uow, user_id) >= self._settings.max_saved_searches:
            raise SavedSearchesFull(self._settings.max_saved_searches)
        new = store.NewSavedSearch(
            id=new_id("svs", uow.now),
            user_id=user_id,
            name=request.name or model.name_of(query, filters),
            query=query,
            strict_query=model.strict(query, answer.text, answer.parsed),
            filters=msgspec.json.encode(filters).decode(),
            question=question,
            kinds=model.needed(filters.kinds, answer.parsed, "kind"),
            owners=model.needed(filters.owners, answer.parsed, "owner"),
        )
        await store.insert(uow, new)
        return await self.get(uow, actor, new.id)

    async def change(
        self, uow: UnitOfWork, actor: Actor, saved_search_id: str, update: SavedSearchUpdate
    ) -> SavedSearch:
        """See `api.SavedSearches.change`."""
        await store.update(
            uow, actor.require_user(), saved_search_id, name=update.name, paused=update.paused
        )
        return await self.get(uow, actor, saved_search_id)

    async def forget(self, uow: UnitOfWork, actor: Actor, saved_search_id: str) -> None:
        """See `api.SavedSearches.forget`."""
        if not await store.delete(uow, actor.require_user(), saved_search_id):
            raise SavedSearchUnknown()
