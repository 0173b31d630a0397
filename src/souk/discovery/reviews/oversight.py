"""What those who watch over reviews may do, in the system's scope."""

from collections.abc import Collection
from datetime import datetime

from souk.discovery.reviews import oversight_store
from souk.discovery.reviews.api import ReviewFacts, ReviewSubject
from souk.discovery.reviews.events import RatingChanged
from souk.infra.postgres.uow import UnitOfWork


class OversightService:
    """Implements `ReviewOversight`."""

    async def subject(self, uow: UnitOfWork, review_id: str) -> ReviewSubject | None:
        """A review for a moderator."""
        return await oversight_store.subject(uow, review_id)

    async def hide(self, uow: UnitOfWork, review_id: str, *, reason: str) -> None:
        """Takes a review from sight and out of the rating; harmless to repeat."""
        listing_id = await oversight_store.hide(uow, review_id, reason=reason)
        if listing_id is not None:
            uow.publish(RatingChanged(listing_id=listing_id))

    async def restore(self, uow: UnitOfWork, review_id: str) -> None:
        """Undoes `hide`; harmless to repeat."""
        listing_id = await oversight_store.restore(uow, review_id)
        if listing_id is not None:
            uow.publish(RatingChanged(listing_id=listing_id))

    async def facts_since(
        self, uow: UnitOfWork, since: datetime, *, limit: int
    ) -> list[ReviewFacts]:
        """The newest reviews written since then."""
        return await oversight_store.facts_since(uow, since, limit=limit)

    async def facts_around(
        self, uow: UnitOfWork, listing_ids: Collection[str], *, since: datetime, limit: int
    ) -> list[ReviewFacts]:
        """Reviews of these listings, by their reviewers and of their sellers."""
        return await oversight_store.facts_around(uow, listing_ids, since=since, limit=limit)
