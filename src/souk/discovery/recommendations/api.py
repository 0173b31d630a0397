"""What other contexts may ask of recommendations."""

from collections.abc import Sequence
from typing import Protocol

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.recommendations import (
    Reason,
    Recommendation,
    Recommendations,
    RelatedListings,
)
from souk_client.contracts.works import Listing

__all__ = ["Reason", "Recommendation", "Recommendations", "Recommender", "RelatedListings"]


class Recommender(Protocol):
    """Works that may please; only what is on the market, and nothing that the caller owns."""

    async def recommend(
        self, uow: UnitOfWork, actor: Actor, *, seen: Sequence[str] = (), limit: int = 12
    ) -> Recommendations:
        """For somebody, by what they did; for a stranger by what they looked at just now.

        Args:
            seen: listings that were looked at in this session, the last one first. What is no
                listing counts for nothing.
        """
        ...

    async def related(
        self, uow: UnitOfWork, actor: Actor, listing: Listing, *, limit: int = 8
    ) -> RelatedListings:
        """What is like a listing, and what is used together with it.

        Args:
            listing: one that the caller may see.
        """
        ...
