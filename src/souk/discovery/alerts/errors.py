"""Errors of saved searches."""

from souk.kernel.errors import Conflict, Invalid, NotFound


class SavedSearchUnknown(NotFound):
    """Not there, or somebody else's."""

    def __init__(self) -> None:
        super().__init__("saved_search_unknown", "There is no such saved search of yours.")


class SavedSearchEmpty(Invalid):
    """It would match everything."""

    def __init__(self) -> None:
        super().__init__(
            "saved_search_empty",
            "A saved search needs words or a filter: this one would match every work.",
        )


class SavedSearchTooLong(Invalid):
    """Its words do not fit."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            "saved_search_too_long", f"The query of a saved search has at most {limit} letters."
        )


class SavedSearchExists(Conflict):
    """The caller keeps this very search."""

    def __init__(self, name: str) -> None:
        super().__init__("saved_search_exists", f"You keep this search already, as {name!r}.")


class SavedSearchesFull(Conflict):
    """One more than the limit."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            "saved_searches_full", f"You keep {limit} searches; delete one first.", limit=limit
        )
