"""How a listing's files leave: the seller's choice."""

from typing import Literal, cast

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.rights.protection import store
from souk.works.listings.api import Listings
from souk_client.contracts.protection import ListingProtection

Delivery = Literal["open", "devices"]


class ChoiceService:
    """Sellers choose; everybody may know."""

    def __init__(self, listings: Listings) -> None:
        self._listings = listings

    async def get(self, uow: UnitOfWork, listing_id: str) -> ListingProtection:
        """What was chosen for a listing. Raises NotFound `listing_unknown`."""
        await self._listings.get(uow, listing_id)
        delivery = cast("Delivery", await store.choice(uow, listing_id))
        return ListingProtection(listing_id=listing_id, delivery=delivery)

    async def only_devices(self, uow: UnitOfWork, listing_id: str) -> bool:
        """Whether files leave only for devices, of a listing that is known to be there."""
        return await store.choice(uow, listing_id) == "devices"

    async def choose(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, delivery: Delivery
    ) -> ListingProtection:
        """Chooses for a listing that the caller manages. Raises NotFound, Forbidden."""
        listing = await self._listings.managed(uow, actor, listing_id)
        await store.choose(
            uow, listing.id, organisation_id=listing.organisation_id, delivery=delivery
        )
        return ListingProtection(listing_id=listing.id, delivery=delivery)
