"""A shelf of listings behind works' own Protocol, with the events works would announce."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from souk.discovery.reviews.events import RatingChanged
from souk.discovery.search.signals import Signals
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import NotFound
from souk.kernel.ids import new_id
from souk.works.listings.events import ListingEdited, ListingPublished, ListingRetired
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.works import Compatibility, Listing, ListingSummary

OWNER = OwnerRef(id=new_id("org", datetime.now(UTC)), slug="acme", name="Acme Research")


class Shelf:
    """The part of `Listings` that search reads."""

    def __init__(self) -> None:
        self.listings: dict[str, Listing] = {}
        self.known: dict[str, Signals] = {}

    async def get(self, uow: UnitOfWork, listing_id: str) -> Listing:
        if listing_id not in self.listings:
            raise NotFound("listing_unknown", "There is no such listing.")
        return self.listings[listing_id]

    async def summaries(
        self, uow: UnitOfWork, listing_ids: Collection[str]
    ) -> dict[str, ListingSummary]:
        return {one: summary_of(self.listings[one]) for one in listing_ids if one in self.listings}

    async def published_after(
        self, uow: UnitOfWork, listing_id: str = "", *, limit: int = 500
    ) -> list[Listing]:
        found = sorted(one for one in self.listings if one > listing_id)
        published = [self.listings[one] for one in found]
        return [one for one in published if one.state == "published"][:limit]

    async def signals(self, uow: UnitOfWork, listing_ids: Sequence[str]) -> dict[str, Signals]:
        return {one: self.known[one] for one in listing_ids if one in self.known}

    def put(self, uow: UnitOfWork | None, title: str, **fields: Any) -> str:
        """Publishes a new listing."""
        now = datetime.now(UTC)
        listing = Listing(
            id=new_id("lst", now),
            address=f"acme/{len(self.listings)}",
            owner=OWNER,
            kind=fields.pop("kind", "model"),
            slug=str(len(self.listings)),
            title=title,
            summary=fields.pop("summary", ""),
            card=fields.pop("card", ""),
            licence=fields.pop("licence", "MIT"),
            category="",
            task=fields.pop("task", ""),
            tags=fields.pop("tags", []),
            metrics=fields.pop("metrics", []),
            compatibility=fields.pop("compatibility", Compatibility()),
            regions=fields.pop("regions", []),
            state=fields.pop("state", "published"),
            offers=[],
            versions=[],
            created_at=now,
            updated_at=now,
            published_at=now,
        )
        self.listings[listing.id] = listing
        if uow is not None:
            self._tell(uow, ListingPublished, listing, version_id="", version="1.0.0")
        return listing.id

    def edit(self, uow: UnitOfWork, listing_id: str, **fields: Any) -> None:
        listing = msgspec.structs.replace(self.listings[listing_id], **fields)
        self.listings[listing_id] = listing
        self._tell(uow, ListingEdited, listing, published=True)

    def rate(self, uow: UnitOfWork, listing_id: str) -> None:
        uow.publish(RatingChanged(listing_id=listing_id))

    def retire(self, uow: UnitOfWork, listing_id: str) -> None:
        listing = msgspec.structs.replace(self.listings[listing_id], state="retired")
        self.listings[listing_id] = listing
        self._tell(uow, ListingRetired, listing)

    def _tell(self, uow: UnitOfWork, kind: Any, listing: Listing, **fields: Any) -> None:
        uow.publish(
            kind(
                listing_id=listing.id,
                organisation_id=listing.owner.id,
                address=listing.address,
                title=listing.title,
                kind=listing.kind,
                **fields,
            )
        )


def summary_of(listing: Listing) -> ListingSummary:
    names = set(ListingSummary.__struct_fields__) & set(Listing.__struct_fields__)
    shared = {name: getattr(listing, name) for name in names}
    return ListingSummary(**shared, price_minor=None, currency=None, version="1.0.0")
