"""A stream for a caller: counted, allowed, followed."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from souk.infra.live.channels import ListingDoor, check_channels, parse_channels
from souk.infra.live.connections import Connections
from souk.infra.live.feed import Feed, Item
from souk.infra.live.hub import LiveHub
from souk.infra.live.settings import LiveSettings
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import scope_of
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError, Unavailable

READY_LIMIT_S: Final = 5.0

WhoIsIt = Callable[[], Awaitable[Actor | None]]
"""Establishes the caller anew; None, or a SoukError, when the credential is no longer good."""


class LiveStreams:
    """Opens streams of one process."""

    def __init__(
        self,
        database: Database,
        hub: LiveHub,
        *,
        listings: ListingDoor,
        settings: LiveSettings,
    ) -> None:
        self._database = database
        self._hub = hub
        self._listings = listings
        self._settings = settings
        self._connections = Connections(settings)
        self._feed = Feed(database, hub, beat_s=settings.beat_s)

    async def open(
        self, actor: Actor, channels: str, *, after: int | None, address: str, who: WhoIsIt
    ) -> AsyncIterator[Item]:
        """The stream of a comma-separated list of channels.

        Args:
            after: the last position that the caller has seen; None begins now.
            address: where the caller is, when nobody is signed in.
            who: asked again and again, so that a stream ends with its session.

        Raises:
            Malformed: `channel_invalid`. Unauthenticated: `sign_in_needed`.
            NotFound: `channel_unknown`.
            TooMany: `live_streams_exceeded`. Unavailable: `live_full`, `live_not_ready`.
        """
        wanted = parse_channels(channels, limit=self._settings.channels)
        await self._check(actor, wanted)
        if not await self._hub.ready(READY_LIMIT_S):
            raise Unavailable("live_not_ready", "The stream is not ready yet.", retry_after_s=1)
        caller = actor.user_id or address
        self._connections.check(caller)

        async def still_allowed() -> bool:
            try:
                now = await who()
                if now is None or now.user_id != actor.user_id:
                    return False
                await self._check(now, wanted)
            except SoukError:
                return False
            return True

        async def items() -> AsyncIterator[Item]:
            with self._connections.one(caller), self._hub.subscribed(wanted) as reader:
                async for item in self._feed.follow(
                    reader, after=after, still_allowed=still_allowed
                ):
                    yield item

        return items()

    async def _check(self, actor: Actor, channels: list[str]) -> None:
        async with self._database.transaction(scope_of(actor), read_only=True) as uow:
            await check_channels(uow, actor, channels, listings=self._listings)
