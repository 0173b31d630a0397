"""HTTP: offers."""

from litestar import delete, patch, post

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.works.offers.service import OfferService
from souk_client.contracts.works import Offer, OfferRequest, OfferUpdate

_TAGS = ["works"]


@post("/listings/{listing_id:str}/offers", tags=_TAGS)
async def add_offer(
    listing_id: str, data: OfferRequest, uow: UnitOfWork, actor: Actor, offers: OfferService
) -> Offer:
    """A price and licence terms for an edition of a listing."""
    return await offers.add(uow, actor, listing_id, data)


@patch("/offers/{offer_id:str}", tags=_TAGS)
async def change_offer(
    offer_id: str, data: OfferUpdate, uow: UnitOfWork, actor: Actor, offers: OfferService
) -> Offer:
    """Puts a new offer (with a new id) in the place of this one; past sales keep the old one."""
    return await offers.change(uow, actor, offer_id, data)


@delete("/offers/{offer_id:str}", tags=_TAGS)
async def withdraw_offer(
    offer_id: str, uow: UnitOfWork, actor: Actor, offers: OfferService
) -> None:
    """Ends an offer. A published listing keeps at least one."""
    await offers.withdraw(uow, actor, offer_id)


ROUTES = [add_offer, change_offer, withdraw_offer]
