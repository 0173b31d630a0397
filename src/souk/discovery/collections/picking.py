"""Favourites and followed sellers: what a user picks out with one click."""

from collections.abc import Collection
from datetime import datetime

from souk.discovery.collections import store
from souk.discovery.collections.errors import FollowSelf, Full
from souk.discovery.collections.events import FavouriteChanged, FollowChanged
from souk.discovery.collections.settings import CollectionSettings
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Invalid, NotFound
from souk.kernel.paging import Page, decode_cursor, page_of
from souk.people.organisations.api import OrganisationFacts, OrganisationsApi
from souk.works.listings.api import Listings
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.collections import Favourite, FavouriteState, Followed, FollowState


class Picking:
    """Implements `api.Favourites` and `api.Follows`."""

    def __init__(
        self, *, listings: Listings, organisations: OrganisationsApi, settings: CollectionSettings
    ) -> None:
        self._listings = listings
        self._organisations = organisations
        self._settings = settings

    async def toggle_favourite(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, *, on: bool | None = None
    ) -> FavouriteState:
        user_id = actor.require_user()
        changed = on is not True and await store.remove_favourite(uow, user_id, listing_id)
        wanted = on if on is not None else not changed
        if wanted:
            await self._check_on_market(uow, listing_id)
            changed = await store.add_favourite(uow, user_id, listing_id)
            limit = self._settings.max_favourites
            if changed and await store.count_own_favourites(uow, user_id) > limit:
                raise Full("favourites_full", "favourites", limit)
        if changed:
            uow.publish(FavouriteChanged(listing_id=listing_id, user_id=user_id, favourite=wanted))
        counts = await self.favourite_counts(uow, [listing_id])
        return FavouriteState(
            listing_id=listing_id, favourite=wanted, favourites=counts.get(listing_id, 0)
        )

    async def favourites_of(
        self, uow: UnitOfWork, actor: Actor, *, cursor: str | None = None, limit: int = 20
    ) -> Page[Favourite]:
        rows = await store.favourites(
            uow, actor.require_user(), before=read_cursor(cursor), limit=limit + 1
        )
        page = page_of(rows, limit=limit, key=lambda row: [row.since.isoformat(), row.id])
        found = await self._listings.summaries(uow, [row.id for row in page.items])
        items = [
            Favourite(listing=found[row.id], since=row.since)
            for row in page.items
            if row.id in found and found[row.id].state == "published"
        ]
        return Page(items=items, next_cursor=page.next_cursor)

    async def latest_favourites(
        self, uow: UnitOfWork, actor: Actor, *, limit: int = 1000
    ) -> frozenset[str]:
        if actor.user_id is None:
            return frozenset()
        rows = await store.favourites(uow, actor.user_id, before=None, limit=limit)
        return frozenset(row.id for row in rows)

    async def favourite_counts(
        self, uow: UnitOfWork, listing_ids: Collection[str]
    ) -> dict[str, int]:
        if not listing_ids:
            return {}
        return {one.id: one.count for one in await store.favourite_counts(uow, listing_ids)}

    async def toggle_follow(
        self, uow: UnitOfWork, actor: Actor, organisation: str, *, on: bool | None = None
    ) -> FollowState:
        user_id = actor.require_user()
        seller = await self._seller(uow, organisation)
        changed = on is not True and await store.remove_follow(uow, user_id, seller.id)
        wanted = on if on is not None else not changed
        if wanted:
            if actor.belongs_to(seller.id):
                raise FollowSelf
            changed = await store.add_follow(uow, user_id, seller.id)
            limit = self._settings.max_follows
            if changed and await store.count_own_follows(uow, user_id) > limit:
                raise Full("follows_full", "followed sellers", limit)
        if changed:
            uow.publish(FollowChanged(organisation_id=seller.id, user_id=user_id, following=wanted))
        return await self._state(uow, seller, following=wanted)

    async def follow_state(self, uow: UnitOfWork, actor: Actor, organisation: str) -> FollowState:
        seller = await self._seller(uow, organisation)
        following = await self.is_following(uow, actor, seller.id)
        return await self._state(uow, seller, following=following)

    async def is_following(self, uow: UnitOfWork, actor: Actor, organisation_id: str) -> bool:
        if actor.user_id is None:
            return False
        return await store.is_following(uow, actor.user_id, organisation_id)

    async def followers(self, uow: UnitOfWork, organisation_id: str) -> int:
        return await store.follower_count(uow, organisation_id)

    async def followed_by(
        self, uow: UnitOfWork, actor: Actor, *, cursor: str | None = None, limit: int = 20
    ) -> Page[Followed]:
        rows = await store.follows(
            uow, actor.require_user(), before=read_cursor(cursor), limit=limit + 1
        )
        page = page_of(rows, limit=limit, key=lambda row: [row.since.isoformat(), row.id])
        found = await self._organisations.many(uow, [row.id for row in page.items])
        items = [
            Followed(organisation=owner_ref(found[row.id]), since=row.since)
            for row in page.items
            if row.id in found
        ]
        return Page(items=items, next_cursor=page.next_cursor)

    async def _state(
        self, uow: UnitOfWork, seller: OrganisationFacts, *, following: bool
    ) -> FollowState:
        return FollowState(
            organisation=owner_ref(seller),
            following=following,
            followers=await store.follower_count(uow, seller.id),
        )

    async def _seller(self, uow: UnitOfWork, slug: str) -> OrganisationFacts:
        return await self._organisations.seller(uow, slug)

    async def _check_on_market(self, uow: UnitOfWork, listing_id: str) -> None:
        found = (await self._listings.summaries(uow, [listing_id])).get(listing_id)
        if found is None or found.state != "published":
            raise NotFound("listing_unknown", "There is no such listing, or it is not public.")


def owner_ref(organisation: OrganisationFacts) -> OwnerRef:
    """An organisation as the api names it."""
    return OwnerRef(id=organisation.id, slug=organisation.slug, name=organisation.name)


def read_cursor(cursor: str | None) -> tuple[str, str] | None:
    """The time and the id inside a cursor.

    Raises:
        Invalid: `cursor_invalid`.
    """
    key = decode_cursor(cursor, size=2)
    if key is None:
        return None
    at, last = key
    try:
        moment = datetime.fromisoformat(str(at))
    except ValueError as error:
        raise Invalid("cursor_invalid", "Pass next_cursor exactly as a page gave it.") from error
    if moment.tzinfo is None or not isinstance(last, str):
        raise Invalid("cursor_invalid", "Pass next_cursor exactly as a page gave it.")
    return moment.isoformat(), last
