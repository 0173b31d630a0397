"""The listing a step works on, for those who may change it."""

from typing import Final

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import NotFound
from souk.web.market import Market
from souk_client.contracts.works import Listing

STEPS: Final = ("Kind", "Details", "Files", "Price", "Review")


def steps(listing_id: str = "") -> list[tuple[str, str]]:
    """Name and address of each step; the first cannot be visited again."""
    if not listing_id:
        return [(name, "") for name in STEPS]
    return [
        (name, f"/publish/{listing_id}/{name.lower()}" if at else "")
        for at, name in enumerate(STEPS)
    ]


async def draft(uow: UnitOfWork, actor: Actor, market: Market, listing_id: str) -> Listing:
    """The listing, when the caller manages its seller.

    Raises:
        Unauthenticated: `sign_in_needed`.
        NotFound: `listing_unknown`.
    """
    actor.require_user()
    listing = await market.listings.get(uow, listing_id)
    if not actor.manages(listing.owner.id):
        raise NotFound("listing_unknown", "You have no such listing.")
    return listing
