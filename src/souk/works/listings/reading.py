"""Reading listings: rows put together with their offers, versions, files and owners."""

from collections import Counter
from collections.abc import Collection, Sequence

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.money import CURRENCIES
from souk.kernel.paging import Page, decode_cursor, page_of
from souk.people.organisations.api import OrganisationFacts, OrganisationsApi
from souk.works.artifacts.api import Artifact, Artifacts
from souk.works.listings import store, version_store, walking_store
from souk.works.listings.api import Covers, ListingAddress, OfferBook, SellerTotals
from souk.works.listings.errors import ListingUnknown, VersionUnknown
from souk.works.listings.model import ListingRow, VersionRow, as_shown
from souk.works.listings.settings import ListingSettings
from souk.works.revisions.api import Revisions, TreeFile
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.works import (
    FileEntry,
    Listing,
    ListingState,
    ListingSummary,
    Offer,
    Version,
)


class ListingReader:
    """The reading half of `listings.api.Listings`."""

    def __init__(
        self,
        organisations: OrganisationsApi,
        artifacts: Artifacts,
        revisions: Revisions,
        *,
        offers: OfferBook,
        covers: Covers,
        settings: ListingSettings,
    ) -> None:
        self._organisations = organisations
        self._artifacts = artifacts
        self._revisions = revisions
        self._offers = offers
        self._covers = covers
        self._settings = settings

    async def get(self, uow: UnitOfWork, listing_id: str) -> Listing:
        return await self._one(uow, await store.find(uow, listing_id))

    async def by_address(self, uow: UnitOfWork, owner: str, slug: str) -> Listing:
        organisation = await self._organisations.by_slug(uow, owner)
        if organisation is None:
            raise ListingUnknown()
        return await self._one(uow, await store.find_by_slug(uow, organisation.id, slug))

    async def can_be_seen(self, uow: UnitOfWork, listing_id: str) -> bool:
        return await store.find(uow, listing_id) is not None

    async def summaries(
        self, uow: UnitOfWork, listing_ids: Collection[str]
    ) -> dict[str, ListingSummary]:
        rows = await store.find_many(uow, listing_ids) if listing_ids else []
        return {summary.id: summary for summary in await self._summaries(uow, rows)}

    async def given_away(self, uow: UnitOfWork, listing_ids: Collection[str]) -> set[str]:
        offers = await self._offers.of_listings(uow, listing_ids)
        return {
            listing_id
            for listing_id, active in offers.items()
            if any(one.price_minor == 0 and one.terms.kind == "perpetual" for one in active)
        }

    async def of_organisation(
        self,
        uow: UnitOfWork,
        organisation_id: str,
        *,
        state: ListingState | None = None,
        cursor: str | None = None,
        limit: int = 20,
    ) -> Page[ListingSummary]:
        before = decode_cursor(cursor, size=1)
        rows = await store.of_organisation(
            uow,
            organisation_id,
            states=["draft", "published", "retired"] if state is None else [state],
            before=str(before[0]) if before else "",
            limit=limit + 1,
        )
        page = page_of(rows, limit=limit, key=lambda row: [row.id])
        return Page(items=await self._summaries(uow, page.items), next_cursor=page.next_cursor)

    async def published_after(
        self, uow: UnitOfWork, listing_id: str = "", *, limit: int = 500
    ) -> list[Listing]:
        rows = await walking_store.published_after(uow, listing_id, limit=limit)
        ids = [row.current_version_id for row in rows if row.current_version_id is not None]
        current = await self._versions(uow, await version_store.versions_by_id(uow, ids))
        return await self._listings(
            uow, rows, {row.id: _those(current, row.current_version_id) for row in rows}
        )

    async def address_pages(self, uow: UnitOfWork, *, every: int) -> list[str]:
        return await walking_store.every_published(uow, every=every)

    async def addresses_from(
        self, uow: UnitOfWork, listing_id: str, *, limit: int
    ) -> list[ListingAddress]:
        rows = await walking_store.addresses_from(uow, listing_id, limit=limit)
        owners = await self._organisations.many(uow, list({row.organisation_id for row in rows}))
        return [
            ListingAddress(
                address=f"{owners[row.organisation_id].slug}/{row.slug}", updated_at=row.updated_at
            )
            for row in rows
        ]

    async def seller_pages(self, uow: UnitOfWork, *, every: int) -> list[str]:
        return await walking_store.every_seller(uow, every=every)

    async def sellers_from(
        self, uow: UnitOfWork, organisation_id: str, *, limit: int
    ) -> list[ListingAddress]:
        rows = await walking_store.sellers_from(uow, organisation_id, limit=limit)
        owners = await self._organisations.many(uow, [row.organisation_id for row in rows])
        return [
            ListingAddress(address=owners[row.organisation_id].slug, updated_at=row.updated_at)
            for row in rows
        ]

    async def totals(self, uow: UnitOfWork, organisation_id: str) -> SellerTotals:
        return await store.totals(uow, organisation_id)

    async def version(self, uow: UnitOfWork, listing_id: str, version: str) -> Version:
        """One version of a listing by its semantic version. Raises NotFound `version_unknown`."""
        rows = await version_store.versions_of(uow, listing_id)
        found = [row for row in rows if row.version == version]
        listing = await store.find(uow, listing_id)
        if not found or listing is None:
            raise VersionUnknown()
        return _shown_versions(uow, listing, await self._versions(uow, found))[0]

    async def version_files(self, uow: UnitOfWork, version_id: str) -> list[FileEntry]:
        rows = await version_store.versions_by_id(uow, [version_id])
        if not rows:
            raise VersionUnknown()
        return (await self._versions(uow, rows))[0].files

    async def latest_version(self, uow: UnitOfWork, listing_id: str) -> Version | None:
        row = await store.find(uow, listing_id)
        if row is None:
            raise ListingUnknown()
        if row.current_version_id is None:
            return None
        return (
            await self._versions(
                uow, await version_store.versions_by_id(uow, [row.current_version_id])
            )
        )[0]

    async def address_of(self, uow: UnitOfWork, row: ListingRow) -> str:
        """`owner/slug`."""
        owner = await self._organisations.get(uow, row.organisation_id)
        return f"{owner.slug}/{row.slug}"

    async def _one(self, uow: UnitOfWork, row: ListingRow | None) -> Listing:
        if row is None:
            raise ListingUnknown()
        versions = await version_store.versions_of(uow, row.id)
        shown = await self._versions(uow, versions[: self._settings.versions_shown])
        return (await self._listings(uow, [row], {row.id: shown}))[0]

    async def _listings(
        self, uow: UnitOfWork, rows: Sequence[ListingRow], versions: dict[str, list[Version]]
    ) -> list[Listing]:
        rows = _shown(uow, rows)
        ids = [row.id for row in rows]
        owners = await self._organisations.many(uow, list({row.organisation_id for row in rows}))
        offers = await self._offers.of_listings(uow, ids)
        counts = Tallies(await store.counts(uow, ids))
        return [
            Listing(
                id=row.id,
                address=f"{owners[row.organisation_id].slug}/{row.slug}",
                owner=owner_ref(owners[row.organisation_id]),
                kind=row.kind,
                slug=row.slug,
                title=row.title,
                summary=row.summary,
                card=row.card,
                licence=row.licence,
                category=row.category,
                task=row.task,
                tags=row.tags,
                metrics=row.words.metrics,
                compatibility=row.words.compatibility,
                regions=row.words.regions,
                state=row.state,
                offers=[counts.on(offer) for offer in offers.get(row.id, [])],
                versions=_shown_versions(uow, row, versions[row.id]),
                current_version=_number_of(versions[row.id], row.current_version_id),
                created_at=row.created_at,
                updated_at=row.updated_at,
                published_at=row.published_at,
                sales=counts.sales[row.id],
                downloads=counts.downloads[row.id],
                hidden=row.hidden_at is not None,
            )
            for row in rows
        ]

    async def _summaries(self, uow: UnitOfWork, rows: Sequence[ListingRow]) -> list[ListingSummary]:
        if not rows:
            return []
        rows = _shown(uow, rows)
        ids = [row.id for row in rows]
        owners = await self._organisations.many(uow, list({row.organisation_id for row in rows}))
        offers = await self._offers.of_listings(uow, ids)
        counts = Tallies(await store.counts(uow, ids))
        current = [row.current_version_id for row in rows if row.current_version_id is not None]
        versions = {row.id: row.version for row in await version_store.versions_by_id(uow, current)}
        covers = await self._covers.of_listings(uow, ids)
        return [
            ListingSummary(
                id=row.id,
                address=f"{owners[row.organisation_id].slug}/{row.slug}",
                owner=owner_ref(owners[row.organisation_id]),
                kind=row.kind,
                title=row.title,
                summary=row.summary,
                licence=row.licence,
                task=row.task,
                tags=row.tags,
                state=row.state,
                price_minor=_price(offers.get(row.id, []))[0],
                currency=_price(offers.get(row.id, []))[1],
                version=versions.get(row.current_version_id or ""),
                sales=counts.sales[row.id],
                downloads=counts.downloads[row.id],
                updated_at=row.updated_at,
                published_at=row.published_at,
                cover=covers.get(row.id),
            )
            for row in rows
        ]

    async def _versions(self, uow: UnitOfWork, rows: Sequence[VersionRow]) -> list[Version]:
        if not rows:
            return []
        trees = await self._revisions.trees(uow, {row.revision_id for row in rows})
        hashes = {file.sha256 for tree in trees.values() for file in tree}
        artifacts = await self._artifacts.get_many(uow, hashes)
        return [_version_of(row, trees[row.revision_id], artifacts) for row in rows]


class Tallies:
    """Counts by listing and by offer."""

    def __init__(self, counts: Sequence[store.Counts]) -> None:
        self.sales: Counter[str] = Counter()
        self.downloads: Counter[str] = Counter()
        self._by_offer: Counter[str] = Counter()
        for count in counts:
            self.sales[count.listing_id] += count.sales
            self.downloads[count.listing_id] += count.downloads
            self._by_offer[count.offer_id] += count.sales

    def on(self, offer: Offer) -> Offer:
        """The offer with what was sold of it: one with a stock counts that by itself."""
        if offer.stock is not None:
            return offer
        return msgspec.structs.replace(offer, sold=max(0, self._by_offer[offer.id]))


def owner_ref(organisation: OrganisationFacts) -> OwnerRef:
    """An organisation as others see it."""
    return OwnerRef(id=organisation.id, slug=organisation.slug, name=organisation.name)


def _version_of(
    row: VersionRow, tree: Sequence[TreeFile], artifacts: dict[str, Artifact]
) -> Version:
    return Version(
        id=row.id,
        version=row.version,
        revision_id=row.revision_id,
        notes=row.notes,
        files=[
            FileEntry(
                path=file.path,
                sha256=file.sha256,
                size_bytes=file.size_bytes,
                cid=artifacts[file.sha256].cid,
                media_type=artifacts[file.sha256].media_type,
                scan=artifacts[file.sha256].scan,
            )
            for file in tree
        ],
        size_bytes=sum(file.size_bytes for file in tree),
        created_at=row.created_at,
        published_at=row.published_at,
    )


def _shown(uow: UnitOfWork, rows: Sequence[ListingRow]) -> list[ListingRow]:
    """The rows as this scope may read them."""
    return [as_shown(row, to_owner=uow.scope.owns(row.organisation_id)) for row in rows]


def _shown_versions(uow: UnitOfWork, row: ListingRow, versions: Sequence[Version]) -> list[Version]:
    """Versions as this scope may read them: without words and files when moderators hid them."""
    if row.hidden_at is None or uow.scope.owns(row.organisation_id):
        return list(versions)
    return [msgspec.structs.replace(version, notes="", files=[]) for version in versions]


def _number_of(versions: Sequence[Version], version_id: str | None) -> str | None:
    return next((version.version for version in versions if version.id == version_id), None)


def _those(versions: Sequence[Version], version_id: str | None) -> list[Version]:
    return [version for version in versions if version.id == version_id]


def _price(offers: Sequence[Offer]) -> tuple[int | None, str | None]:
    """The lowest price; of several currencies, the lowest number of whole units."""
    if not offers:
        return None, None
    lowest = min(offers, key=lambda offer: offer.price_minor / 10 ** _digits(offer.currency))
    return lowest.price_minor, lowest.currency


def _digits(currency: str) -> int:
    return CURRENCIES[currency].digits
