"""What other contexts may ask of offers; a sale goes through `listings.api`."""

from collections.abc import Collection
from typing import Protocol

from souk.infra.postgres.uow import UnitOfWork
from souk_client.contracts.works import Offer

__all__ = ["Offer", "Offers"]


class Offers(Protocol):
    """Prices and terms, past ones too, so that old orders stay true."""

    async def get(self, uow: UnitOfWork, offer_id: str) -> Offer:
        """An offer in any state. Raises NotFound `offer_unknown`."""
        ...

    async def of_listings(
        self, uow: UnitOfWork, listing_ids: Collection[str]
    ) -> dict[str, list[Offer]]:
        """The active offers of each listing by price."""
        ...
