"""What people make of listings: owned by search, answered by the contexts that know."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork


class Signals(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one listing."""

    rating: float | None = None
    """Bayesian mean of its reviews, 1 to 5; None without reviews."""
    rating_count: int = 0
    trending: float = 0.0
    """How much it is wanted now; only comparisons mean something."""
    favourites: int = 0


class ListingSignals(Protocol):
    """Owned by search; wired from reviews, analytics and collections."""

    async def signals(self, uow: UnitOfWork, listing_ids: Sequence[str]) -> Mapping[str, Signals]:
        """What is known of these listings; those of which nothing is known may be left out."""
        ...
