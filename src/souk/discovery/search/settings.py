"""Limits of search."""

from typing import Annotated

import msgspec
from msgspec import Meta


class SearchSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Variables: `SOUK_SEARCH_` + the field's name."""

    currency: str = "USD"
    """The currency that a price bound without one is in."""
    threads: Annotated[int, Meta(ge=1, le=64)] = 2
    """Searches that run at once in a process."""
    queue_length: Annotated[int, Meta(ge=0, le=10_000)] = 128
    """Searches that may wait for a thread; one more is refused with 503."""
    embed_threads: Annotated[int, Meta(ge=1, le=64)] = 1
    """Threads that one text is embedded with."""
    cached_queries: Annotated[int, Meta(ge=0, le=1_000_000)] = 2_000
    """Query vectors kept in a process (1.5 KB each)."""
    cached_results: Annotated[int, Meta(ge=0, le=100_000)] = 1_000
    """Answers kept in a process until the index changes (about 20 KB each)."""
    check_minutes: Annotated[int, Meta(ge=1, le=7 * 24 * 60)] = 60
    """How often every listing is compared with what is indexed, and its counts are renewed."""
