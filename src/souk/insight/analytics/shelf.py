"""What analytics knows of listings: whose they are, their kind and category."""

from collections.abc import Collection

from souk.infra.postgres.uow import UnitOfWork
from souk.insight.analytics import store
from souk.insight.analytics.store import KnownListing
from souk.kernel.errors import NotFound
from souk.works.listings.api import Listings


class Shelf:
    """Learns of a listing with its first fact, and again when it is edited."""

    def __init__(self, listings: Listings) -> None:
        self._listings = listings

    async def find(self, uow: UnitOfWork, listing_ids: Collection[str]) -> dict[str, KnownListing]:
        """Listings that are on sale by id; ids of none, of drafts and retired ones are left out."""
        found = await self.known(uow, listing_ids)
        return {key: listing for key, listing in found.items() if listing.published}

    async def known(self, uow: UnitOfWork, listing_ids: Collection[str]) -> dict[str, KnownListing]:
        """Listings by id, in any state; ids of none are left out."""
        if not listing_ids:
            return {}
        known = await store.known_listings(uow, listing_ids)
        unknown = [one for one in listing_ids if one not in known or not known[one].published]
        return {**known, **await self._learn(uow, unknown)}

    async def refresh(self, uow: UnitOfWork, listing_ids: Collection[str]) -> None:
        """Learns again what is known of these; others wait for their first fact."""
        known = await store.known_listings(uow, listing_ids)
        await self._learn(uow, sorted(known))

    async def _learn(
        self, uow: UnitOfWork, listing_ids: Collection[str]
    ) -> dict[str, KnownListing]:
        learned: dict[str, KnownListing] = {}
        for listing_id in sorted(listing_ids):
            try:
                listing = await self._listings.get(uow, listing_id)
            except NotFound:
                continue
            learned[listing_id] = KnownListing(
                listing_id=listing_id,
                organisation_id=listing.owner.id,
                kind=listing.kind,
                category=listing.category,
                published=listing.state == "published",
            )
        if learned:
            await store.note_listings(uow, list(learned.values()))
        return learned
