"""Use cases of reviews: write, edit, withdraw, reply, vote."""

from datetime import timedelta
from typing import Final

import msgspec

from souk.discovery.reviews import answers_store, store
from souk.discovery.reviews.errors import (
    EditsFull,
    NeedsLicence,
    OwnWork,
    ReviewClosed,
    ReviewExists,
    ReviewHidden,
    ReviewUnknown,
    TooManyReviews,
)
from souk.discovery.reviews.events import RatingChanged, ReviewReplied, ReviewWritten
from souk.discovery.reviews.reading import ReviewReader
from souk.discovery.reviews.settings import ReviewSettings
from souk.discovery.reviews.store import NewReview, ReviewRow
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Forbidden, NotFound
from souk.kernel.ids import new_id
from souk.kernel.texts import clean_text
from souk.people.organisations.api import OrganisationsApi
from souk.rights.licences.api import Licences
from souk.works.listings.api import Listings
from souk_client.contracts.reviews import (
    ReplyRequest,
    Review,
    ReviewRequest,
    ReviewUpdate,
    Vote,
)
from souk_client.contracts.works import Listing, Version

TEXT_LIMIT: Final = 5_000
REPLY_LIMIT: Final = 2_000
DAY: Final = timedelta(days=1)
PERMISSION: Final = "marketplace:review"


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """The licence that lets somebody review."""

    licence_id: str
    organisation_id: str


class ReviewService(ReviewReader):
    """Implements `Reviews`."""

    def __init__(
        self,
        *,
        listings: Listings,
        organisations: OrganisationsApi,
        licences: Licences,
        settings: ReviewSettings,
    ) -> None:
        super().__init__(listings=listings, organisations=organisations, settings=settings)
        self._licences = licences

    async def may_review(self, uow: UnitOfWork, actor: Actor, listing_id: str) -> bool:
        """Whether the caller could review the version that buyers get now, and has not yet."""
        if actor.user_id is None or PERMISSION not in actor.permissions:
            return False
        listing = await self._listings.get(uow, listing_id)
        version = _current(listing)
        if version is None or _is_own(actor, listing):
            return False
        holding = await self._holding(uow, actor, listing_id, None)
        return holding is not None and not await store.reviewed(
            uow,
            listing_id,
            version.id,
            user_id=actor.user_id,
            organisation_ids=[holding.organisation_id],
        )

    async def write(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, request: ReviewRequest
    ) -> Review:
        """A review by a holder of a licence; see `Reviews.write`."""
        user_id = actor.require(PERMISSION)
        if request.organisation_id is not None:
            actor.acting_for(request.organisation_id)
        text = clean_text(request.text, name="review", at_most=TEXT_LIMIT)
        listing = await self._listings.get(uow, listing_id)
        version = _chosen(listing, request.version)
        if _is_own(actor, listing):
            raise OwnWork()
        holding = await self._holding(uow, actor, listing.id, request.organisation_id)
        if holding is None:
            raise NeedsLicence()
        await self._check_pace(uow, user_id)
        new = NewReview(
            id=new_id("rvw", uow.now),
            listing_id=listing.id,
            seller_id=listing.owner.id,
            version_id=version.id,
            version=version.version,
            organisation_id=holding.organisation_id,
            user_id=user_id,
            licence_id=holding.licence_id,
            stars=request.stars,
            text=text,
        )
        if not await store.add(uow, new):
            raise ReviewExists(version.version)
        return await self._announced(uow, actor, new.id, listing=listing, first=True)

    async def edit(
        self, uow: UnitOfWork, actor: Actor, review_id: str, update: ReviewUpdate
    ) -> Review:
        """Changes the author's own review; see `Reviews.edit`."""
        row = await self._own(uow, actor, review_id)
        if row.hidden_at is not None:
            raise ReviewHidden()
        if row.licence_standing != "held":
            raise ReviewClosed()
        stars = row.stars if update.stars is None else update.stars
        text = (
            row.text
            if update.text is None
            else clean_text(update.text, name="review", at_most=TEXT_LIMIT)
        )
        if (stars, text) == (row.stars, row.text):
            return await self.get(uow, actor, review_id)
        if row.edits >= self._settings.max_edits:
            raise EditsFull(self._settings.max_edits)
        await store.edit(uow, review_id, stars=stars, text=text)
        listing = await self._listings.get(uow, row.listing_id)
        return await self._announced(uow, actor, review_id, listing=listing, first=False)

    async def withdraw(self, uow: UnitOfWork, actor: Actor, review_id: str) -> None:
        """Takes the author's own review from sight; see `Reviews.withdraw`."""
        row = await self._own(uow, actor, review_id)
        await store.withdraw(uow, review_id)
        uow.publish(RatingChanged(listing_id=row.listing_id))

    async def reply(
        self, uow: UnitOfWork, actor: Actor, review_id: str, request: ReplyRequest
    ) -> Review:
        """The seller's one answer; see `Reviews.reply`."""
        row = await self._answerable(uow, actor, review_id)
        text = clean_text(request.text, name="reply", at_least=1, at_most=REPLY_LIMIT)
        before = await answers_store.reply(
            uow, review_id, seller_id=row.seller_id, user_id=actor.require_user(), text=text
        )
        listing = await self._listings.get(uow, row.listing_id)
        if text != row.reply_text:
            uow.publish(
                ReviewReplied(
                    review_id=review_id,
                    listing_id=listing.id,
                    listing_address=listing.address,
                    listing_title=listing.title,
                    seller_id=row.seller_id,
                    user_id=row.user_id,
                    seller_name=listing.owner.name,
                    first=before is None,
                )
            )
        return await self.get(uow, actor, review_id)

    async def remove_reply(self, uow: UnitOfWork, actor: Actor, review_id: str) -> Review:
        """Takes the seller's answer back; see `Reviews.remove_reply`."""
        await self._answerable(uow, actor, review_id)
        await answers_store.remove_reply(uow, review_id)
        return await self.get(uow, actor, review_id)

    async def vote(self, uow: UnitOfWork, actor: Actor, review_id: str, *, helpful: bool) -> Vote:
        """Finds a review helpful, or no longer; see `Reviews.vote`."""
        user_id = actor.require_user()
        row = await store.find(uow, review_id, user_id=user_id)
        if row is None or row.hidden_at is not None:
            raise ReviewUnknown()
        if row.user_id == user_id or actor.belongs_to(row.organisation_id):
            raise Forbidden("vote_own_review", "You cannot vote for your own review.")
        if actor.belongs_to(row.seller_id):
            raise Forbidden("vote_own_work", "Members of the seller cannot vote on its reviews.")
        count = await answers_store.vote(uow, review_id, user_id=user_id, helpful=helpful)
        return Vote(helpful=count, voted=helpful)

    async def _holding(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, organisation_id: str | None
    ) -> Holding | None:
        """A licence that is good, or one whose time or uses ran out; never one that was ended."""
        organisations = [organisation_id] if organisation_id else list(actor.memberships)
        good = await self._licences.find_good(uow, organisations, listing_id, user_id=actor.user_id)
        if good is not None:
            return Holding(licence_id=good.licence_id, organisation_id=good.licensee_id)
        page = await self._licences.list(
            uow, organisation_ids=organisations, listing_id=listing_id, limit=50
        )
        for licence in page.items:
            if licence.state in ("expired", "used_up"):
                return Holding(licence_id=licence.id, organisation_id=licence.licensee.id)
        return None

    async def _check_pace(self, uow: UnitOfWork, user_id: str) -> None:
        limit = self._settings.per_day
        written = await store.written_since(uow, user_id, span=DAY)
        if len(written) >= limit:
            free_at = written[-limit] + DAY
            raise TooManyReviews(limit, max(1, round((free_at - uow.now).total_seconds())))

    async def _own(self, uow: UnitOfWork, actor: Actor, review_id: str) -> ReviewRow:
        user_id = actor.require_user()
        row = await store.find(uow, review_id, user_id=user_id, lock=True)
        if row is None or row.user_id != user_id:
            raise ReviewUnknown()
        return row

    async def _answerable(self, uow: UnitOfWork, actor: Actor, review_id: str) -> ReviewRow:
        user_id = actor.require_user()
        row = await store.find(uow, review_id, user_id=user_id)
        if row is None or row.hidden_at is not None:
            raise ReviewUnknown()
        if not actor.manages(row.seller_id):
            raise Forbidden(
                "not_listing_manager",
                "Only owners and managers of the selling organisation may do it.",
            )
        return row

    async def _announced(
        self, uow: UnitOfWork, actor: Actor, review_id: str, *, listing: Listing, first: bool
    ) -> Review:
        review = await self.get(uow, actor, review_id)
        uow.publish(
            ReviewWritten(
                review_id=review.id,
                listing_id=listing.id,
                listing_address=listing.address,
                listing_title=listing.title,
                seller_id=listing.owner.id,
                user_id=actor.require_user(),
                author_name=review.author.name,
                stars=review.stars,
                first=first,
            )
        )
        uow.publish(RatingChanged(listing_id=listing.id))
        return review


def _is_own(actor: Actor, listing: Listing) -> bool:
    """Whether the caller belongs to those who sell or made the work."""
    creators = (offer.creator_organisation_id for offer in listing.offers)
    return any(actor.belongs_to(one) for one in (listing.owner.id, *creators) if one)


def _published(listing: Listing) -> list[Version]:
    return [version for version in listing.versions if version.published_at is not None]


def _current(listing: Listing) -> Version | None:
    return next(iter(_published(listing)), None)


def _chosen(listing: Listing, version: str | None) -> Version:
    for one in _published(listing):
        if version is None or one.version == version:
            return one
    raise NotFound("version_unknown", "This listing has no such published version.")
