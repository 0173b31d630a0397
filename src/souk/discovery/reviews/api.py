"""What other contexts may ask of reviews."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.reviews import (
    LicenceStanding,
    RatingSummary,
    ReplyRequest,
    Review,
    ReviewHistory,
    ReviewPage,
    ReviewRequest,
    ReviewSort,
    ReviewUpdate,
    Vote,
)

__all__ = [
    "RatingSummary",
    "Review",
    "ReviewFacts",
    "ReviewHistory",
    "ReviewOversight",
    "ReviewPage",
    "ReviewSubject",
    "Reviews",
]


class ReviewFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A review as whoever looks for fraud needs it, withdrawn ones too."""

    id: str
    listing_id: str
    seller_id: str
    """The organisation that sells the listing."""
    organisation_id: str
    """The organisation in whose name it was written."""
    user_id: str
    """Who wrote it."""
    stars: int
    text: str
    created_at: datetime
    licence: LicenceStanding
    licence_ended_at: datetime | None
    is_public: bool
    """Neither withdrawn by its author nor hidden."""


class ReviewSubject(msgspec.Struct, frozen=True, kw_only=True):
    """A review as moderators need it."""

    id: str
    listing_id: str
    organisation_id: str
    user_id: str
    stars: int
    text: str
    hidden: bool


class Reviews(Protocol):
    """Reviews of listings, and the rating that follows from them."""

    async def summaries(
        self, uow: UnitOfWork, listing_ids: Collection[str]
    ) -> dict[str, RatingSummary]:
        """The rating of each of these listings; those that nobody rated have count 0."""
        ...

    async def of_seller(self, uow: UnitOfWork, organisation_id: str) -> RatingSummary:
        """The rating over all works of a seller."""
        ...

    async def rating(self, uow: UnitOfWork, listing_id: str) -> RatingSummary:
        """How one listing is rated. Raises NotFound `listing_unknown`."""
        ...

    async def page(
        self,
        uow: UnitOfWork,
        actor: Actor,
        listing_id: str,
        *,
        sort: ReviewSort = "helpful",
        stars: int | None = None,
        version: str | None = None,
        cursor: str | None = None,
        limit: int = 20,
    ) -> ReviewPage:
        """Reviews of a listing. Raises NotFound `listing_unknown`, Invalid `cursor_invalid`."""
        ...

    async def get(self, uow: UnitOfWork, actor: Actor, review_id: str) -> Review:
        """One review. Raises NotFound `review_unknown`."""
        ...

    async def history(self, uow: UnitOfWork, actor: Actor, review_id: str) -> ReviewHistory:
        """Its earlier forms. Raises NotFound `review_unknown`."""
        ...

    async def mine(self, uow: UnitOfWork, actor: Actor, listing_id: str) -> list[Review]:
        """What the caller wrote about a listing, newest first; hidden ones too."""
        ...

    async def versions(self, uow: UnitOfWork, listing_id: str) -> list[str]:
        """The versions of a listing that somebody reviewed, the newest first."""
        ...

    async def may_review(self, uow: UnitOfWork, actor: Actor, listing_id: str) -> bool:
        """Whether the caller could review the version that buyers get now, and has not yet."""
        ...

    async def write(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, request: ReviewRequest
    ) -> Review:
        """A review by a holder of a licence.

        Raises:
            Unauthenticated: `sign_in_needed`. NotFound: `listing_unknown`, `version_unknown`.
            Forbidden: `permission_missing`, `review_needs_licence`, `review_own_work`.
            Conflict: `review_exists`. Invalid: `text_invalid`. TooMany: `reviews_too_many`.
        """
        ...

    async def edit(
        self, uow: UnitOfWork, actor: Actor, review_id: str, update: ReviewUpdate
    ) -> Review:
        """Changes the author's own review; the form before stays in the history.

        Raises:
            NotFound: `review_unknown`. Conflict: `review_closed`, `review_hidden`, `edits_full`.
            Invalid: `text_invalid`.
        """
        ...

    async def withdraw(self, uow: UnitOfWork, actor: Actor, review_id: str) -> None:
        """Takes the author's own review from sight. Raises NotFound `review_unknown`."""
        ...

    async def reply(
        self, uow: UnitOfWork, actor: Actor, review_id: str, request: ReplyRequest
    ) -> Review:
        """The seller's one answer, or a change of it.

        Raises:
            NotFound: `review_unknown`. Forbidden: `not_listing_manager`. Invalid: `text_invalid`.
        """
        ...

    async def remove_reply(self, uow: UnitOfWork, actor: Actor, review_id: str) -> Review:
        """Takes the answer back; harmless when there is none. Raises as `reply`."""
        ...

    async def vote(self, uow: UnitOfWork, actor: Actor, review_id: str, *, helpful: bool) -> Vote:
        """Finds a review helpful, or no longer; harmless to repeat.

        Raises:
            NotFound: `review_unknown`. Forbidden: `vote_own_review`, `vote_own_work`.
        """
        ...


class ReviewOversight(Protocol):
    """For those who watch over reviews, in the system's scope."""

    async def subject(self, uow: UnitOfWork, review_id: str) -> ReviewSubject | None:
        """A review for a moderator; None when there is none."""
        ...

    async def hide(self, uow: UnitOfWork, review_id: str, *, reason: str) -> None:
        """Takes a review from sight and out of the rating."""
        ...

    async def restore(self, uow: UnitOfWork, review_id: str) -> None:
        """Undoes `hide`."""
        ...

    async def facts_since(
        self, uow: UnitOfWork, since: datetime, *, limit: int
    ) -> list[ReviewFacts]:
        """The newest reviews written since then."""
        ...

    async def facts_around(
        self, uow: UnitOfWork, listing_ids: Collection[str], *, since: datetime, limit: int
    ) -> list[ReviewFacts]:
        """Reviews of these listings, by their reviewers and of their sellers."""
        ...
