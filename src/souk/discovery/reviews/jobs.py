"""What follows from facts about reviews, and what facts about licences mean for reviews."""

from collections.abc import Sequence
from typing import Any

import structlog

from souk.commerce.orders.events import OrderRefunded
from souk.discovery.reviews import oversight_store
from souk.discovery.reviews.events import ReviewReplied, ReviewWritten
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.notifications.api import Notices
from souk.people.organisations.api import OrganisationsApi
from souk.rights.licences.events import LicenceRevoked

log = structlog.get_logger("souk.reviews")


def notice_handlers(*, notices: Notices, organisations: OrganisationsApi) -> list[Handler]:
    """The seller hears of a new review, the author of a reply."""

    async def tell_seller(uow: UnitOfWork, delivered: Sequence[Delivered[ReviewWritten]]) -> None:
        for one in delivered:
            event = one.event
            if not event.first:
                continue
            members = await organisations.members_of(uow, [event.seller_id])
            await notices.tell(
                uow,
                user_ids=[member.user_id for member in members.get(event.seller_id, ())],
                kind="review.received",
                title=f"{event.author_name} reviewed {event.listing_title}",
                body=f"{event.stars} of 5 stars. You can reply once, and change the reply later.",
                link=f"/{event.listing_address}/reviews#{event.review_id}",
                event_id=one.id,
            )

    async def tell_author(uow: UnitOfWork, delivered: Sequence[Delivered[ReviewReplied]]) -> None:
        for one in delivered:
            event = one.event
            if not event.first:
                continue
            await notices.tell(
                uow,
                user_ids=[event.user_id],
                kind="review.replied",
                title=f"{event.seller_name} replied to your review of {event.listing_title}",
                body="",
                link=f"/{event.listing_address}/reviews#{event.review_id}",
                event_id=one.id,
            )

    return [
        Handler(name="reviews.tell_seller", events=(ReviewWritten,), run=tell_seller, batch=50),
        Handler(name="reviews.tell_author", events=(ReviewReplied,), run=tell_author, batch=50),
    ]


def licence_handler() -> Handler:
    """Marks the reviews behind a licence that was refunded or revoked; they stay and count."""

    async def run(uow: UnitOfWork, delivered: Sequence[Delivered[Any]]) -> None:
        for one in delivered:
            await oversight_store.mark_licence(
                uow,
                one.event.licence_id,
                standing="refunded" if isinstance(one.event, OrderRefunded) else "revoked",
            )

    return Handler(
        name="reviews.licence_ended", events=(LicenceRevoked, OrderRefunded), run=run, batch=50
    )


async def check_ratings(uow: UnitOfWork) -> list[str]:
    """Listings whose kept rating is not what their reviews say; logged, there should be none."""
    wrong = await oversight_store.wrong_ratings(uow)
    if wrong:
        log.error("ratings differ from their reviews", listing_ids=wrong[:20], count=len(wrong))
    return wrong
