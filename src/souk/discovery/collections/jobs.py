"""Tells followers of a seller's new version, a bounded number in each transaction."""

from collections.abc import Sequence

from souk.discovery.collections import store
from souk.discovery.collections.events import FollowersToTell
from souk.discovery.collections.settings import CollectionSettings
from souk.infra.outbox.handlers import Delivered, Handler
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.notifications.api import Notices
from souk.people.organisations.api import OrganisationsApi
from souk.works.listings.events import VersionPublished

KIND = "seller.published"


def follow_handlers(
    *, notices: Notices, organisations: OrganisationsApi, settings: CollectionSettings
) -> list[Handler]:
    """A version becomes public once, so each follower hears of it once.

    The walk goes from batch to batch through the outbox: thousands of followers hold no long
    transaction, and a worker that dies goes on where the last batch ended.
    """

    async def begin(uow: UnitOfWork, delivered: Sequence[Delivered[VersionPublished]]) -> None:
        sellers = await organisations.many(uow, [one.event.organisation_id for one in delivered])
        for one in delivered:
            event = one.event
            if await store.follower_count(uow, event.organisation_id):
                uow.publish(
                    FollowersToTell(
                        organisation_id=event.organisation_id,
                        seller=sellers[event.organisation_id].name,
                        listing_title=event.title,
                        listing_address=event.address,
                        version_id=event.version_id,
                        version=event.version,
                        before=one.occurred_at,
                    )
                )

    async def step(uow: UnitOfWork, delivered: Sequence[Delivered[FollowersToTell]]) -> None:
        for one in delivered:
            await tell_some(uow, one.event)

    async def tell_some(uow: UnitOfWork, event: FollowersToTell) -> None:
        user_ids = await store.followers_after(
            uow,
            event.organisation_id,
            after=event.after_user_id,
            before=event.before,
            limit=settings.tell_batch,
        )
        if not user_ids:
            return
        await notices.tell(
            uow,
            user_ids=user_ids,
            kind=KIND,
            title=f"{event.seller} published {event.listing_title}",
            body=f"Version {event.version} is on the market.",
            link=f"/{event.listing_address}",
            event_id=event.version_id,
        )
        if len(user_ids) == settings.tell_batch:
            uow.publish(_after(event, user_ids[-1]))

    return [
        Handler(name="discovery.followers_begin", events=(VersionPublished,), run=begin, batch=50),
        Handler(name="discovery.followers_tell", events=(FollowersToTell,), run=step),
    ]


def _after(event: FollowersToTell, user_id: str) -> FollowersToTell:
    """The same step, past this follower."""
    return FollowersToTell(
        organisation_id=event.organisation_id,
        seller=event.seller,
        listing_title=event.listing_title,
        listing_address=event.listing_address,
        version_id=event.version_id,
        version=event.version,
        before=event.before,
        after_user_id=user_id,
    )
