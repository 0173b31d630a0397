"""Looks at every node every few seconds, and writes down how it was."""

import asyncio
import ssl
from functools import cached_property
from typing import Final

import httpx

from souk.delivery.cdn import figures_store, nodes_store
from souk.delivery.cdn.figures_store import Sample
from souk.delivery.cdn.fleet import Fleet
from souk.delivery.cdn.nodes_store import NodeRow
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork

EVERY_S: Final = 5.0
PROBE_S: Final = 2.0
AT_ONCE: Final = 32


class Watching:
    """Probes nodes from home, beside what they say of themselves."""

    def __init__(self, database: Database, *, fleet: Fleet) -> None:
        self._database = database
        self._fleet = fleet
        self._room = asyncio.Semaphore(AT_ONCE)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made once: reading the authorities' certificates takes longer than a whole round."""
        return httpx.create_ssl_context(trust_env=False)

    async def run(self, _lock: UnitOfWork) -> None:
        """One round; `_lock` is the transaction that keeps other workers from doing it too."""
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            nodes = [row for row in await nodes_store.nodes(uow) if row.seen_at is not None]
        async with httpx.AsyncClient(timeout=PROBE_S, verify=self._tls, trust_env=False) as client:
            answered = await asyncio.gather(*(self._probe(client, node) for node in nodes))
        async with self._database.transaction(SYSTEM) as uow:
            samples = [
                self._sample(node, there, uow)
                for node, there in zip(nodes, answered, strict=True)
                if node.reported != "joining"
            ]
            await figures_store.add_samples(uow, samples)
            await figures_store.judge(uow)

    def _sample(self, node: NodeRow, answered: bool, uow: UnitOfWork) -> Sample:
        state = self._fleet.state(node, uow.now)
        heard = state in {"ready", "draining"}
        return Sample(
            node_id=node.id,
            region=node.region,
            # Who is drained by an operator, or has said goodbye, is not missing.
            expected=node.wanted == "ready" and node.reported != "down",
            heard=heard,
            answered=answered,
            load=node.load if heard else 0.0,
            downloads=node.downloads if heard else 0,
        )

    async def _probe(self, client: httpx.AsyncClient, node: NodeRow) -> bool:
        async with self._room:
            try:
                answer = await client.get(f"{node.url}/health/ready")
            except httpx.HTTPError:
                return False
            return answer.status_code == 200
