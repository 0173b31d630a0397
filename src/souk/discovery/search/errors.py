"""Errors of search."""

from souk.kernel.errors import Malformed, Unavailable


class SearchNotReady(Unavailable):
    """The index is being built; this lasts seconds after a first start."""

    def __init__(self) -> None:
        super().__init__(
            "search_not_ready",
            "The search index is still being built; try again in a moment.",
            retry_after_s=2,
        )


class QueryInvalid(Malformed):
    """A query that cannot be read: where, why, and how to mend it.

    Args:
        position: where the mistake begins, in characters of the query as it was sent.
        length: how many characters it is long; at least 1 while it lies inside the query.
        suggestion: the whole query as it was most likely meant.
    """

    def __init__(
        self, detail: str, *, position: int, length: int, suggestion: str | None = None
    ) -> None:
        super().__init__(
            "query_invalid", detail, position=position, length=length, suggestion=suggestion
        )
        self.position = position
        self.length = length
        self.suggestion = suggestion
