"""Says live that a listing's numbers have changed, once they have."""

from collections.abc import Sequence
from typing import Any

from souk.commerce.orders.events import OrderPaid, OrderRefunded
from souk.delivery.downloads.events import VersionDownloaded
from souk.discovery.collections.events import FavouriteChanged
from souk.discovery.reviews.events import RatingChanged
from souk.infra.live import api as live
from souk.infra.live.api import Live, NewMessage
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork

NUMBERS = "listing.numbers"
SALES = "organisation.sales"


def number_handlers(said: Live) -> list[Handler]:
    """A message for each listing whose sales, downloads, rating or favourites are other ones now,
    and one for each organisation that sold something, or took it back."""

    async def run(uow: UnitOfWork, delivered: Sequence[Delivered[Any]]) -> None:
        listings = dict.fromkeys(one.event.listing_id for one in delivered)
        sellers = dict.fromkeys(
            one.event.seller_organisation_id
            for one in delivered
            if isinstance(one.event, OrderPaid | OrderRefunded)
        )
        await said.publish_all(
            uow,
            [
                *(NewMessage(live.listing(listing_id), NUMBERS, {}) for listing_id in listings),
                *(NewMessage(live.organisation(seller), SALES, {}) for seller in sellers),
            ],
        )

    events = (OrderPaid, OrderRefunded, VersionDownloaded, RatingChanged, FavouriteChanged)
    return [Handler(name="web.live_numbers", events=events, run=run, batch=200)]
