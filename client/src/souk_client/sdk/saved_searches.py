"""Searches that the caller keeps, and is told of new matches of."""

from types import NoneType

from souk_client.contracts.base import PageAnswer
from souk_client.contracts.saved_searches import (
    SavedSearch,
    SavedSearchRequest,
    SavedSearchUpdate,
    SearchFilters,
)
from souk_client.sdk.call import Call, Endpoint, Namespace, S, api


def list_saved_searches() -> Call[PageAnswer[SavedSearch]]:
    """The caller's saved searches, newest first; all on one page."""
    return Call(method="GET", path=api("saved-searches"), answer=PageAnswer[SavedSearch])


def save_search(
    query: str = "", *, name: str | None = None, filters: SearchFilters | None = None
) -> Call[SavedSearch]:
    """Keeps a search: the caller is told, once a work, of works that come to match it."""
    body = SavedSearchRequest(query=query, name=name, filters=filters or SearchFilters())
    return Call(method="POST", path=api("saved-searches"), answer=SavedSearch, body=body)


def get_saved_search(saved_search_id: str) -> Call[SavedSearch]:
    """One of the caller's saved searches."""
    return Call(method="GET", path=api("saved-searches", saved_search_id), answer=SavedSearch)


def change_saved_search(
    saved_search_id: str, *, name: str | None = None, paused: bool | None = None
) -> Call[SavedSearch]:
    """Renames, pauses or resumes a saved search; what is left out stays."""
    return Call(
        method="PATCH",
        path=api("saved-searches", saved_search_id),
        answer=SavedSearch,
        body=SavedSearchUpdate(name=name, paused=paused),
    )


def forget_saved_search(saved_search_id: str) -> Call[None]:
    """Deletes a saved search."""
    return Call(method="DELETE", path=api("saved-searches", saved_search_id), answer=NoneType)


class SavedSearches(Namespace[S]):
    """Searches that the caller keeps."""

    list = Endpoint(list_saved_searches)
    create = Endpoint(save_search)
    get = Endpoint(get_saved_search)
    change = Endpoint(change_saved_search)
    delete = Endpoint(forget_saved_search)
