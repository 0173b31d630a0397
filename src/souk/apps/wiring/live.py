"""Live messages."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.infra.http.authentication import Authenticator
from souk.infra.live import routes, store
from souk.infra.live.hub import LiveHub
from souk.infra.live.service import LiveStreams
from souk.infra.live.settings import LiveSettings
from souk.infra.postgres.uow import UnitOfWork
from souk.works.listings.api import Listings


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveParts:
    hub: LiveHub
    parts: Parts


@dataclass(frozen=True, slots=True)
class _ListingDoor:
    """Who may see a listing may hear of it."""

    listings: Listings

    async def visible(self, uow: UnitOfWork, listing_ids: Collection[str]) -> Collection[str]:
        return (await self.listings.summaries(uow, listing_ids)).keys()


def wire_live(core: Core, *, authenticator: Authenticator, listings: Listings) -> LiveParts:
    settings = core.load(LiveSettings, "live")
    hub = LiveHub(core.database, queue_size=settings.queue)
    streams = LiveStreams(core.database, hub, listings=_ListingDoor(listings), settings=settings)

    async def forget_messages(uow: UnitOfWork) -> None:
        await store.forget(uow, before=uow.now - timedelta(minutes=settings.keep_minutes))

    async def readers(_uow: UnitOfWork) -> float:
        return float(hub.readers)

    return LiveParts(
        hub=hub,
        parts=Parts(
            services={"live_streams": streams, "authenticator": authenticator},
            routes=routes.ROUTES,
            schedules=[Schedule(name="live.forget_messages", every_s=60, run=forget_messages)],
            process_tasks=[core.live.run, hub.run],
            gauges={"live_readers": readers},
            on_news={store.NOTIFY_CHANNEL: hub.hear},
        ),
    )
