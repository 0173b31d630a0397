"""Errors of search."""

from souk.kernel.errors import Unavailable


class SearchNotReady(Unavailable):
    """The index is being built; this lasts seconds after a first start."""

    def __init__(self) -> None:
        super().__init__(
            "search_not_ready",
            "The search index is still being built; try again in a moment.",
            retry_after_s=2,
        )
