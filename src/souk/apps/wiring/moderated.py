"""What moderators act on: each kind of subject, fulfilled by the context that it belongs to."""

from souk.discovery.collections.api import CollectionOversight
from souk.discovery.reviews.api import ReviewOversight
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import NotFound
from souk.people.organisations.api import OrganisationOversight, OrganisationsApi
from souk.trust.moderation.api import Subject
from souk.trust.moderation.model import excerpt_of
from souk.works.listings.api import ListingOversight, Listings


class ReviewSubjects:
    """Reviews; hidden ones do not count in ratings."""

    def __init__(self, reviews: ReviewOversight, listings: Listings) -> None:
        self._reviews = reviews
        self._listings = listings

    async def subject(self, uow: UnitOfWork, subject_id: str) -> Subject | None:
        """A review that is not withdrawn."""
        review = await self._reviews.subject(uow, subject_id)
        if review is None:
            return None
        listing = await self._listings.get(uow, review.listing_id)
        return Subject(
            kind="review",
            id=review.id,
            title=f"{review.stars} star{'' if review.stars == 1 else 's'} for {listing.title}",
            excerpt=excerpt_of(review.text),
            link=f"/{listing.address}/reviews#{review.id}",
            organisation_id=review.organisation_id,
            author_id=review.user_id,
            hidden=review.hidden,
        )

    async def hide(self, uow: UnitOfWork, subject_id: str, *, reason: str) -> None:
        """Takes a review from sight and out of the rating."""
        await self._reviews.hide(uow, subject_id, reason=reason)

    async def restore(self, uow: UnitOfWork, subject_id: str) -> None:
        """Shows it again."""
        await self._reviews.restore(uow, subject_id)


class ListingSubjects:
    """Listings; a hidden one is not sold and not found, and its licensees keep their files."""

    def __init__(self, listings: Listings, oversight: ListingOversight) -> None:
        self._listings = listings
        self._oversight = oversight

    async def subject(self, uow: UnitOfWork, subject_id: str) -> Subject | None:
        """A listing as this scope sees it."""
        try:
            listing = await self._listings.get(uow, subject_id)
        except NotFound:
            return None
        return Subject(
            kind="listing",
            id=listing.id,
            title=listing.title,
            excerpt=excerpt_of(f"{listing.summary}\n\n{listing.card}".strip()),
            link=f"/{listing.address}",
            organisation_id=listing.owner.id,
            hidden=listing.hidden,
        )

    async def hide(self, uow: UnitOfWork, subject_id: str, *, reason: str) -> None:
        """Takes a listing off the market."""
        await self._oversight.hide(uow, subject_id, reason=reason)

    async def restore(self, uow: UnitOfWork, subject_id: str) -> None:
        """Gives it back in the state it had."""
        await self._oversight.restore(uow, subject_id)


class CollectionSubjects:
    """Collections; a hidden one is its owner's alone. Each listing in it is moderated by itself."""

    def __init__(self, curation: CollectionOversight) -> None:
        self._curation = curation

    async def subject(self, uow: UnitOfWork, subject_id: str) -> Subject | None:
        """A collection as this scope sees it."""
        try:
            found = await self._curation.get(uow, subject_id)
        except NotFound:
            return None
        return Subject(
            kind="collection",
            id=found.id,
            title=found.title,
            excerpt=excerpt_of(found.description),
            link=f"/collections/{found.address}",
            organisation_id=found.owner.id,
            hidden=found.hidden,
        )

    async def hide(self, uow: UnitOfWork, subject_id: str, *, reason: str) -> None:
        """Takes a collection from sight."""
        await self._curation.hide(uow, subject_id, reason=reason)

    async def restore(self, uow: UnitOfWork, subject_id: str) -> None:
        """Shows it again."""
        await self._curation.restore(uow, subject_id)


class OrganisationSubjects:
    """Organisations; a hidden one has no storefront, and what it published is hidden with it."""

    def __init__(
        self,
        organisations: OrganisationsApi,
        oversight: OrganisationOversight,
        listings: ListingOversight,
    ) -> None:
        self._organisations = organisations
        self._oversight = oversight
        self._listings = listings

    async def subject(self, uow: UnitOfWork, subject_id: str) -> Subject | None:
        """An organisation by its public name."""
        try:
            found = await self._organisations.get(uow, subject_id)
        except NotFound:
            return None
        if found.hidden and not uow.scope.owns(found.id):
            return None
        return Subject(
            kind="organisation",
            id=found.id,
            title=found.name,
            excerpt="",
            link=f"/{found.slug}",
            organisation_id=found.id,
            hidden=found.hidden,
        )

    async def hide(self, uow: UnitOfWork, subject_id: str, *, reason: str) -> None:
        """Takes an organisation, its collections and what it published from sight."""
        await self._oversight.hide(uow, subject_id, reason=reason)
        await self._listings.hide_seller(uow, subject_id, reason=reason)

    async def restore(self, uow: UnitOfWork, subject_id: str) -> None:
        """Shows it again, with everything that was not hidden by itself."""
        await self._oversight.restore(uow, subject_id)
        await self._listings.restore_seller(uow, subject_id)
