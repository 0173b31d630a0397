"""Followers are told in batches: each once, however many they are."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

from souk.discovery.collections import store
from souk.discovery.collections.events import FollowersToTell
from souk.discovery.collections.jobs import follow_handlers
from souk.discovery.collections.settings import CollectionSettings
from souk.infra.outbox.handlers import Delivered
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.notifications.api import Notices
from souk.kernel.ids import EventId
from souk.people.organisations.api import OrganisationsApi

SELLER = "org_00000000000000000000000009"
FOLLOWERS = 1_203
BATCH = 500


class Told:
    """Takes notes instead of writing notices."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    async def tell(self, _uow: UnitOfWork, *, user_ids: Sequence[str], **said: Any) -> None:
        assert said["kind"] == "seller.published" and said["link"] == "/bee/honey"
        assert said["event_id"] == "ver_1"
        self.batches.append(list(user_ids))


async def test_thousands_of_followers_are_told_batch_by_batch(database: Database) -> None:
    told = Told()
    _, step = follow_handlers(
        notices=cast(Notices, told),
        organisations=cast(OrganisationsApi, None),
        settings=CollectionSettings(tell_batch=BATCH),
    )
    users = [f"usr_{number:026}" for number in range(FOLLOWERS)]
    async with database.transaction(SYSTEM) as uow:
        await uow.execute(
            "INSERT INTO collections.follows SELECT u, %(seller)s, %(now)s "
            "FROM unnest(%(users)s::text[]) AS u",
            users=users,
            seller=SELLER,
            now=uow.now,
        )
        assert await store.follower_count(uow, SELLER) == FOLLOWERS
        moment = uow.now
    async with database.transaction(SYSTEM) as uow:
        await store.add_follow(uow, "usr_99999999999999999999999999", SELLER)
        assert uow.now > moment, "who follows later hears of later versions"

    event = FollowersToTell(
        organisation_id=SELLER,
        seller="Bee",
        listing_title="Honey",
        listing_address="bee/honey",
        version_id="ver_1",
        version="1.0.0",
        before=moment + timedelta(microseconds=1),
    )
    while True:
        async with database.transaction(SYSTEM) as uow:
            announced: list[FollowersToTell] = []
            uow.publish = announced.append  # type: ignore[method-assign,assignment]  # caught here
            one = Delivered(id=EventId("evt_1"), occurred_at=moment, event=event)
            await step.run(uow, [one])
        if not announced:
            break
        (event,) = announced
    assert [len(batch) for batch in told.batches] == [BATCH, BATCH, FOLLOWERS - 2 * BATCH]
    assert [user for batch in told.batches for user in batch] == users
