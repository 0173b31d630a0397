"""Reading reviews, and the rating of a listing."""

from collections.abc import Collection, Mapping, Sequence

from souk.discovery.reviews import store
from souk.discovery.reviews.errors import ReviewUnknown
from souk.discovery.reviews.model import cursor_of, rating, read_cursor
from souk.discovery.reviews.settings import ReviewSettings
from souk.discovery.reviews.store import ReviewRow
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import NotFound
from souk.people.organisations.api import OrganisationFacts, OrganisationsApi
from souk.works.listings.api import Listings
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.reviews import (
    RatingSummary,
    Review,
    ReviewHistory,
    ReviewPage,
    ReviewSort,
    SellerReply,
)


class ReviewReader:
    """The reading half of `reviews.api.Reviews`."""

    def __init__(
        self, *, listings: Listings, organisations: OrganisationsApi, settings: ReviewSettings
    ) -> None:
        self._listings = listings
        self._organisations = organisations
        self._settings = settings

    async def summaries(
        self, uow: UnitOfWork, listing_ids: Collection[str]
    ) -> dict[str, RatingSummary]:
        """The rating of each of these listings."""
        found = {row.listing_id: row.counts for row in await store.ratings(uow, listing_ids)}
        nobody = [0] * 5
        return {one: self._rating(found.get(one, nobody)) for one in listing_ids}

    async def of_seller(self, uow: UnitOfWork, organisation_id: str) -> RatingSummary:
        """The rating over all works of a seller."""
        return self._rating(await store.counts_of_seller(uow, organisation_id))

    async def rating(self, uow: UnitOfWork, listing_id: str) -> RatingSummary:
        """How one listing is rated. Raises NotFound `listing_unknown`."""
        await self._check_listing(uow, listing_id)
        return (await self.summaries(uow, [listing_id]))[listing_id]

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
        """Public reviews of a listing; see `Reviews.page`."""
        after = read_cursor(cursor, sort=sort)
        await self._check_listing(uow, listing_id)
        rows = await store.page(
            uow,
            listing_id,
            user_id=actor.user_id,
            sort=sort,
            stars=stars,
            version=version,
            after=after,
            limit=limit + 1,
        )
        shown = rows[:limit]
        last = shown[-1] if len(rows) > limit else None
        return ReviewPage(
            items=await self._reviews(uow, actor, shown),
            next_cursor=None if last is None else _cursor_after(last, sort=sort),
            rating=(await self.summaries(uow, [listing_id]))[listing_id],
        )

    async def get(self, uow: UnitOfWork, actor: Actor, review_id: str) -> Review:
        """One review; a hidden one for its author and for admins."""
        row = await store.find(uow, review_id, user_id=actor.user_id)
        if row is None or not _may_read(actor, row):
            raise ReviewUnknown()
        return (await self._reviews(uow, actor, [row]))[0]

    async def history(self, uow: UnitOfWork, actor: Actor, review_id: str) -> ReviewHistory:
        """The earlier forms of a review that the caller may read."""
        await self.get(uow, actor, review_id)
        return ReviewHistory(items=await store.forms(uow, review_id))

    async def mine(self, uow: UnitOfWork, actor: Actor, listing_id: str) -> list[Review]:
        """What the caller wrote about a listing."""
        if actor.user_id is None:
            return []
        rows = await store.of_author(uow, actor.user_id, listing_id)
        return await self._reviews(uow, actor, rows)

    async def versions(self, uow: UnitOfWork, listing_id: str) -> list[str]:
        """The versions of a listing that somebody reviewed, the newest first."""
        return await store.versions(uow, listing_id)

    async def _check_listing(self, uow: UnitOfWork, listing_id: str) -> None:
        if not await self._listings.can_be_seen(uow, listing_id):
            raise NotFound("listing_unknown", "There is no such listing, or it is not public.")

    async def _reviews(
        self, uow: UnitOfWork, actor: Actor, rows: Sequence[ReviewRow]
    ) -> list[Review]:
        ids = {row.organisation_id for row in rows} | {row.seller_id for row in rows}
        known = await self._organisations.many(uow, sorted(ids)) if rows else {}
        return [_review_of(row, known, actor) for row in rows]

    def _rating(self, counts: Sequence[int]) -> RatingSummary:
        return rating(
            counts,
            prior_mean=self._settings.prior_mean,
            prior_weight=self._settings.prior_weight,
        )


def _cursor_after(row: ReviewRow, *, sort: ReviewSort) -> str:
    return cursor_of(sort, review_id=row.id, helpful=row.helpful, stars=row.stars)


def _may_read(actor: Actor, row: ReviewRow) -> bool:
    return row.hidden_at is None or actor.is_admin or row.user_id == actor.user_id


def _review_of(row: ReviewRow, known: Mapping[str, OrganisationFacts], actor: Actor) -> Review:
    return Review(
        id=row.id,
        listing_id=row.listing_id,
        version=row.version,
        author=_owner(known[row.organisation_id]),
        stars=row.stars,
        text=row.text,
        created_at=row.created_at,
        edited_at=row.edited_at,
        edits=row.edits,
        helpful=row.helpful,
        licence=row.licence_standing,
        reply=None
        if row.reply_text is None or row.reply_created_at is None
        else SellerReply(
            seller=_owner(known[row.seller_id]),
            text=row.reply_text,
            created_at=row.reply_created_at,
            edited_at=row.reply_edited_at,
        ),
        mine=row.user_id == actor.user_id,
        voted=row.voted,
        hidden=row.hidden_at is not None,
        hidden_reason=row.hidden_reason,
    )


def _owner(organisation: OrganisationFacts) -> OwnerRef:
    return OwnerRef(id=organisation.id, slug=organisation.slug, name=organisation.name)
