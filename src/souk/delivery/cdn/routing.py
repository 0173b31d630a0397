"""Which node a client is sent to."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import httpx

from souk.delivery.cdn import log_store, nodes_store
from souk.delivery.cdn.fleet import Fleet
from souk.delivery.cdn.log_store import Configuration
from souk.delivery.cdn.model import Choice, NodeFacts, Spot, choose, is_loopback
from souk.delivery.cdn.places import Places
from souk.delivery.cdn.settings import CdnSettings
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.errors import Invalid
from souk_client.contracts.cdn import Place, Route, RoutedNode

_LOOK_AGAIN_S: Final = 0.5
_TRIED: Final = 3
"""So many nodes are asked whether they are there before home serves itself."""
TTL_S: Final = 10


class _Seen:
    """What is known of the nodes, for half a second."""

    def __init__(
        self, nodes: list[NodeFacts], configuration: Configuration, regions: dict[str, Spot]
    ) -> None:
        self.nodes = nodes
        self.configuration = configuration
        self.regions = regions
        self.at = time.monotonic()


class Routing:
    """Ranks nodes for a client, and makes sure that the first one answers."""

    def __init__(
        self, database: Database, *, fleet: Fleet, places: Places, settings: CdnSettings
    ) -> None:
        self._database = database
        self._fleet = fleet
        self._places = places
        self._settings = settings
        self._seen: _Seen | None = None
        self._looking = asyncio.Lock()
        self._answers: dict[str, tuple[float, bool]] = {}
        self._client: httpx.AsyncClient | None = None

    async def route(
        self, *, address: str, country: str | None, sha256: str, regions: Sequence[str] = ()
    ) -> Route:
        """The nodes for a client at this address, or in this country, the best first.

        Raises:
            Invalid: `country_unknown`.
        """
        if country is not None and self._places.spot(country) is None:
            raise Invalid("country_unknown", f"There is no country {country!r}.")
        where = country or await self._places.country(address)
        spot = self._places.spot(where)
        choices = await self._choices(where, sha256=sha256, regions=regions)
        return Route(
            place=Place(
                country=where,
                latitude=None if spot is None else spot.latitude,
                longitude=None if spot is None else spot.longitude,
            ),
            nodes=[
                RoutedNode(
                    node_id=choice.node.id,
                    region=choice.node.region,
                    url=choice.node.url,
                    distance_km=None if choice.distance_km is None else round(choice.distance_km),
                )
                for choice in choices
            ],
            ttl_s=TTL_S,
        )

    async def any_ready(self) -> bool:
        """Whether anybody can be sent to a node at all."""
        seen = await self._look()
        return seen.configuration.redirects and any(n.state == "ready" for n in seen.nodes)

    async def node_for(
        self, *, address: str, sha256: str, regions: Sequence[str]
    ) -> NodeFacts | None:
        """The best node that answers; None when there is none, and home serves itself."""
        where = await self._places.country(address)
        choices = [
            choice
            for choice in await self._choices(where, sha256=sha256, regions=regions)
            if is_loopback(address) or not is_loopback(urlsplit(choice.node.url).hostname)
        ]
        for choice in choices[:_TRIED]:
            if await self._answers_now(choice.node.url):
                return choice.node
        return None

    def forget(self) -> None:
        """What was known of the nodes is old."""
        self._seen = None

    async def close(self) -> None:
        """Lets go of connections to nodes."""
        if self._client is not None:
            await self._client.aclose()

    async def _choices(
        self, country: str | None, *, sha256: str, regions: Sequence[str]
    ) -> list[Choice]:
        seen = await self._look()
        spot = self._places.spot(country) or seen.regions.get(seen.configuration.default_region)
        return choose(seen.nodes, spot=spot, regions=regions, thing=sha256)

    async def _look(self) -> _Seen:
        seen = self._seen
        if seen is not None and time.monotonic() - seen.at < _LOOK_AGAIN_S:
            return seen
        async with self._looking:
            if self._seen is not None and self._seen is not seen:
                return self._seen
            async with self._database.transaction(SYSTEM, read_only=True) as uow:
                nodes = [
                    NodeFacts(
                        id=row.id,
                        region=row.region,
                        url=row.url,
                        state=self._fleet.state(row, uow.now),
                        load=row.load,
                        latitude=row.latitude,
                        longitude=row.longitude,
                    )
                    for row in await nodes_store.nodes(uow)
                ]
                configuration = await log_store.configuration(uow)
                regions = {
                    row.name: Spot(row.latitude, row.longitude)
                    for row in await nodes_store.regions(uow)
                }
            self._seen = _Seen(nodes, configuration, regions)
            return self._seen

    async def _answers_now(self, url: str) -> bool:
        """Whether a node is there: asked again when the last answer is older than a moment."""
        asked_at, there = self._answers.get(url, (0.0, False))
        if time.monotonic() - asked_at < self._settings.probe_s:
            return there
        if self._client is None:
            self._client = httpx.AsyncClient(trust_env=False)
        try:
            answer = await self._client.get(
                f"{url}/health/ready", timeout=self._settings.probe_timeout_s
            )
            there = answer.status_code == 200
        except httpx.HTTPError:
            there = False
        self._answers[url] = (time.monotonic(), there)
        return there
