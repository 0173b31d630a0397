"""Curated collections, and what the admin features."""

from collections.abc import Sequence

from souk.discovery.collections import lists_store, store
from souk.discovery.collections.api import CollectionAddress
from souk.discovery.collections.errors import (
    CollectionSlugTaken,
    CollectionUnknown,
    Full,
    ListingNotOnMarket,
    NotCurator,
    NotFeatured,
    OrderIncomplete,
)
from souk.discovery.collections.lists_store import CollectionRow
from souk.discovery.collections.model import is_order_of, slug_from
from souk.discovery.collections.picking import Picking, owner_ref, read_cursor
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Invalid, NotFound
from souk.kernel.ids import new_id
from souk.kernel.paging import Page, page_of
from souk_client.contracts.collections import (
    Collection,
    CollectionItem,
    CollectionItemRequest,
    CollectionOrder,
    CollectionRequest,
    CollectionSummary,
    CollectionUpdate,
    Featured,
    FeaturedRequest,
    Visibility,
)
from souk_client.contracts.works import ListingSummary

FEATURE = "marketplace:feature"
PREVIEW = 4
_ALL: tuple[Visibility, ...] = ("public", "unlisted", "private")


class CollectionService(Picking):
    """Implements `api.Collections`."""

    async def create(self, uow: UnitOfWork, actor: Actor, request: CollectionRequest) -> Collection:
        """A new, empty collection.

        Raises:
            Unauthenticated: `sign_in_needed`. NotFound: `organisation_unknown`.
            Forbidden: `not_collection_manager`.
            Conflict: `collection_slug_taken`, `collections_full`.
        """
        owner = actor.acting_for(request.organisation_id)
        if not actor.manages(owner):
            raise NotCurator
        limit = self._settings.max_collections
        if await lists_store.count_of(uow, owner) >= limit:
            raise Full("collections_full", "collections", limit)
        new = new_id("col", uow.now)
        row = CollectionRow(
            id=new,
            owner_organisation_id=owner,
            slug=request.slug or slug_from(request.title, fallback=f"collection-{new[-6:]}"),
            title=request.title.strip() or request.title,
            description=request.description,
            visibility=request.visibility,
            item_count=0,
            created_at=uow.now,
            updated_at=uow.now,
        )
        if not await lists_store.insert(uow, row, created_by=actor.require_user()):
            raise CollectionSlugTaken(row.slug)
        return await self._whole(uow, row)

    async def edit(
        self, uow: UnitOfWork, actor: Actor, collection_id: str, update: CollectionUpdate
    ) -> Collection:
        """Raises NotFound `collection_unknown`, Forbidden `not_collection_manager`."""
        await self._managed(uow, actor, collection_id)
        await lists_store.update(
            uow,
            collection_id,
            title=update.title,
            description=update.description,
            visibility=update.visibility,
        )
        return await self.get(uow, collection_id)

    async def delete(self, uow: UnitOfWork, actor: Actor, collection_id: str) -> None:
        """Raises NotFound `collection_unknown`, Forbidden `not_collection_manager`."""
        await self._managed(uow, actor, collection_id)
        await lists_store.delete(uow, collection_id)

    async def get(self, uow: UnitOfWork, collection_id: str) -> Collection:
        row = await lists_store.find(uow, collection_id)
        if row is None:
            raise CollectionUnknown
        return await self._whole(uow, row)

    async def at(self, uow: UnitOfWork, owner: str, slug: str) -> Collection:
        organisation = await self._organisations.by_slug(uow, owner)
        if organisation is None:
            raise CollectionUnknown
        row = await lists_store.find_at(uow, organisation.id, slug)
        if row is None:
            raise CollectionUnknown
        return await self._whole(uow, row)

    async def public(
        self, uow: UnitOfWork, *, cursor: str | None = None, limit: int = 20
    ) -> Page[CollectionSummary]:
        rows = await lists_store.public(uow, before=read_cursor(cursor), limit=limit + 1)
        return await self._page(uow, rows, limit=limit)

    async def public_pages(self, uow: UnitOfWork, *, every: int) -> list[str]:
        return await lists_store.every_public(uow, every=every)

    async def public_from(
        self, uow: UnitOfWork, collection_id: str, *, limit: int
    ) -> list[CollectionAddress]:
        rows = await lists_store.public_from(uow, collection_id, limit=limit)
        owners = await self._organisations.many(uow, [row.owner_organisation_id for row in rows])
        return [
            CollectionAddress(
                address=f"{owners[row.owner_organisation_id].slug}/{row.slug}",
                updated_at=row.updated_at,
            )
            for row in rows
        ]

    async def of_organisation(
        self,
        uow: UnitOfWork,
        actor: Actor,
        organisation_id: str,
        *,
        cursor: str | None = None,
        limit: int = 20,
    ) -> Page[CollectionSummary]:
        seen = _ALL if actor.belongs_to(organisation_id) else ("public",)
        rows = await lists_store.of_organisation(
            uow,
            organisation_id,
            visibilities=seen,
            before=read_cursor(cursor),
            limit=limit + 1,
        )
        return await self._page(uow, rows, limit=limit)

    async def hide(self, uow: UnitOfWork, collection_id: str, *, reason: str) -> None:
        await self._row(uow, collection_id)
        await lists_store.hide(uow, collection_id, reason=reason)

    async def restore(self, uow: UnitOfWork, collection_id: str) -> None:
        await self._row(uow, collection_id)
        await lists_store.restore(uow, collection_id)

    async def put_item(
        self, uow: UnitOfWork, actor: Actor, collection_id: str, request: CollectionItemRequest
    ) -> Collection:
        """Adds a listing at the end, or changes the note of one that is in it.

        Raises:
            NotFound: `collection_unknown`, `listing_unknown`. Forbidden: `not_collection_manager`.
            Conflict: `listing_not_published`, `collection_full`.
        """
        row = await self._managed(uow, actor, collection_id)
        await self._listing(uow, request.listing_id)
        await lists_store.put_item(uow, row, request.listing_id, note=request.note)
        await lists_store.touch(uow, row.id)
        changed = await self._row(uow, row.id)
        if changed.item_count > self._settings.max_items:
            raise Full("collection_full", "works in a collection", self._settings.max_items)
        return await self._whole(uow, changed)

    async def remove_item(
        self, uow: UnitOfWork, actor: Actor, collection_id: str, listing_id: str
    ) -> Collection:
        """Takes a listing out; harmless when it is not in it.

        Raises:
            NotFound: `collection_unknown`. Forbidden: `not_collection_manager`.
        """
        row = await self._managed(uow, actor, collection_id)
        await lists_store.remove_item(uow, row.id, listing_id)
        await lists_store.touch(uow, row.id)
        return await self.get(uow, row.id)

    async def order(
        self, uow: UnitOfWork, actor: Actor, collection_id: str, request: CollectionOrder
    ) -> Collection:
        """Puts the works into this order; those that are off the market keep to the end.

        Raises:
            NotFound: `collection_unknown`. Forbidden: `not_collection_manager`.
            Conflict: `collection_changed`.
        """
        row = await self._managed(uow, actor, collection_id)
        shown = [item.listing.id for item in (await self._whole(uow, row)).items]
        if not is_order_of(request.listing_ids, shown):
            raise OrderIncomplete
        held = [item.listing_id for item in await lists_store.items(uow, row.id)]
        hidden = [listing_id for listing_id in held if listing_id not in set(shown)]
        await lists_store.place_items(uow, row.id, [*request.listing_ids, *hidden])
        await lists_store.touch(uow, row.id)
        return await self.get(uow, row.id)

    async def featured(self, uow: UnitOfWork, *, limit: int = 12) -> list[Featured]:
        rows = await store.featured_now(uow, limit=self._settings.max_featured)
        shown = await self._featured(uow, rows)
        return [one for one in shown if one.listing.state == "published"][:limit]

    async def all_featured(self, uow: UnitOfWork, actor: Actor) -> list[Featured]:
        actor.require(FEATURE)
        rows = await store.featured_always(uow, limit=self._settings.max_featured)
        return await self._featured(uow, rows)

    async def feature(self, uow: UnitOfWork, actor: Actor, request: FeaturedRequest) -> Featured:
        """Admin: puts a listing on the front page, or changes its place there.

        Raises:
            Forbidden: `permission_missing`. NotFound: `listing_unknown`.
            Conflict: `listing_not_published`, `featured_full`. Invalid: `featured_times`.
        """
        user_id = actor.require(FEATURE)
        listing = await self._listing(uow, request.listing_id)
        starts_at = request.starts_at or uow.now
        if request.ends_at is not None and request.ends_at <= starts_at:
            raise Invalid("featured_times", "It must end after it starts.")
        row = store.FeaturedRow(
            listing_id=listing.id,
            position=request.position,
            starts_at=starts_at,
            ends_at=request.ends_at,
            note=request.note,
        )
        await store.put_featured(uow, row, added_by=user_id)
        limit = self._settings.max_featured
        if len(await store.featured_always(uow, limit=limit + 1)) > limit:
            raise Full("featured_full", "featured works", limit)
        return _featured(row, listing)

    async def unfeature(self, uow: UnitOfWork, actor: Actor, listing_id: str) -> None:
        """Raises Forbidden `permission_missing`, NotFound `featured_unknown`."""
        actor.require(FEATURE)
        if not await store.remove_featured(uow, listing_id):
            raise NotFeatured

    async def order_featured(
        self, uow: UnitOfWork, actor: Actor, listing_ids: Sequence[str]
    ) -> None:
        actor.require(FEATURE)
        await store.place_featured(uow, listing_ids)

    async def _managed(self, uow: UnitOfWork, actor: Actor, collection_id: str) -> CollectionRow:
        """The collection, when the caller may change it; locked until this transaction ends."""
        actor.require_user()
        seen = await self._row(uow, collection_id)
        if not actor.manages(seen.owner_organisation_id):
            raise NotCurator
        locked = await lists_store.find(uow, collection_id, lock=True)
        if locked is None:
            raise CollectionUnknown
        return locked

    async def _row(self, uow: UnitOfWork, collection_id: str) -> CollectionRow:
        row = await lists_store.find(uow, collection_id)
        if row is None:
            raise CollectionUnknown
        return row

    async def _listing(self, uow: UnitOfWork, listing_id: str) -> ListingSummary:
        found = (await self._listings.summaries(uow, [listing_id])).get(listing_id)
        if found is None:
            raise NotFound("listing_unknown", "There is no such listing, or it is not public.")
        if found.state != "published":
            raise ListingNotOnMarket
        return found

    async def _whole(self, uow: UnitOfWork, row: CollectionRow) -> Collection:
        """With the works that are on the market: nothing else is ever shown, not even to the
        owner, so that what one sees is what others see."""
        items = await lists_store.items(uow, row.id)
        found = await self._listings.summaries(uow, [item.listing_id for item in items])
        owner = await self._organisations.get(uow, row.owner_organisation_id)
        return Collection(
            id=row.id,
            address=f"{owner.slug}/{row.slug}",
            owner=owner_ref(owner),
            title=row.title,
            description=row.description,
            visibility=row.visibility,
            items=[
                CollectionItem(
                    listing=found[item.listing_id], note=item.note, added_at=item.added_at
                )
                for item in items
                if item.listing_id in found and found[item.listing_id].state == "published"
            ],
            created_at=row.created_at,
            updated_at=row.updated_at,
            hidden=row.hidden,
        )

    async def _page(
        self, uow: UnitOfWork, rows: Sequence[CollectionRow], *, limit: int
    ) -> Page[CollectionSummary]:
        page = page_of(rows, limit=limit, key=lambda row: [row.updated_at.isoformat(), row.id])
        ids = [row.id for row in page.items]
        items = await lists_store.first_items(uow, ids, each=PREVIEW) if ids else []
        found = await self._listings.summaries(uow, {item.listing_id for item in items})
        owners = await self._organisations.many(
            uow, list({row.owner_organisation_id for row in page.items})
        )
        preview: dict[str, list[ListingSummary]] = {collection_id: [] for collection_id in ids}
        for item in items:
            listing = found.get(item.listing_id)
            if listing is not None and listing.state == "published":
                preview[item.collection_id].append(listing)
        return page.map(
            lambda row: CollectionSummary(
                id=row.id,
                address=f"{owners[row.owner_organisation_id].slug}/{row.slug}",
                owner=owner_ref(owners[row.owner_organisation_id]),
                title=row.title,
                description=row.description,
                visibility=row.visibility,
                item_count=row.item_count,
                updated_at=row.updated_at,
                preview=preview[row.id],
                hidden=row.hidden,
            )
        )

    async def _featured(self, uow: UnitOfWork, rows: Sequence[store.FeaturedRow]) -> list[Featured]:
        found = await self._listings.summaries(uow, [row.listing_id for row in rows])
        return [_featured(row, found[row.listing_id]) for row in rows if row.listing_id in found]


def _featured(row: store.FeaturedRow, listing: ListingSummary) -> Featured:
    return Featured(
        listing=listing,
        position=row.position,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        note=row.note,
    )
