"""HTTP: the searches a user keeps."""

from litestar import delete, get, patch, post

from souk.discovery.alerts.service import SavedSearchService
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.base import PageAnswer
from souk_client.contracts.saved_searches import (
    SavedSearch,
    SavedSearchRequest,
    SavedSearchUpdate,
)

_TAGS = ["discovery"]


@get("/saved-searches", tags=_TAGS)
async def list_saved_searches(
    uow: UnitOfWork, actor: Actor, saved_searches: SavedSearchService
) -> PageAnswer[SavedSearch]:
    """The caller's saved searches, newest first; all on one page."""
    return PageAnswer(items=await saved_searches.all(uow, actor))


@post("/saved-searches", tags=_TAGS)
async def save_search(
    data: SavedSearchRequest, uow: UnitOfWork, actor: Actor, saved_searches: SavedSearchService
) -> SavedSearch:
    """Keeps a search: the caller is told, once a work, of works that come to match it."""
    return await saved_searches.save(uow, actor, data)


@get("/saved-searches/{saved_search_id:str}", tags=_TAGS)
async def get_saved_search(
    saved_search_id: str, uow: UnitOfWork, actor: Actor, saved_searches: SavedSearchService
) -> SavedSearch:
    """One of the caller's saved searches."""
    return await saved_searches.get(uow, actor, saved_search_id)


@patch("/saved-searches/{saved_search_id:str}", tags=_TAGS)
async def change_saved_search(
    saved_search_id: str,
    data: SavedSearchUpdate,
    uow: UnitOfWork,
    actor: Actor,
    saved_searches: SavedSearchService,
) -> SavedSearch:
    """Renames, pauses or resumes a saved search."""
    return await saved_searches.change(uow, actor, saved_search_id, data)


@delete("/saved-searches/{saved_search_id:str}", tags=_TAGS)
async def forget_saved_search(
    saved_search_id: str, uow: UnitOfWork, actor: Actor, saved_searches: SavedSearchService
) -> None:
    """Deletes a saved search; what was told of it stays in the notices."""
    await saved_searches.forget(uow, actor, saved_search_id)


ROUTES = [
    list_saved_searches,
    save_search,
    get_saved_search,
    change_saved_search,
    forget_saved_search,
]
