"""Counts what is asked for in each region, by the addresses that home itself gives out.

Nodes are not asked: one that was taken over could name any file, have it placed on itself, and
fetch it without anybody's licence.
"""

import asyncio
from collections import Counter
from typing import Final

import structlog

from souk.delivery.cdn import placement_store
from souk.delivery.cdn.placement_model import Asked
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM

FLUSH_S: Final = 5.0
MAX_FILES: Final = 20_000
"""Files that are counted between two writes; what comes on top is not popular."""
MAX_WRITTEN: Final = 500

log = structlog.get_logger("souk.cdn")

_Key = tuple[str, str, str, str]


class Demand:
    """Counts in memory, and writes down every few seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counts: Counter[_Key] = Counter()

    def count(self, region: str, sha256: str, *, listing_id: str, organisation_id: str) -> None:
        """A client is sent to a node of this region for this file."""
        key = (region, sha256, listing_id, organisation_id)
        if key in self._counts or len(self._counts) < MAX_FILES:
            self._counts[key] += 1

    async def run(self) -> None:
        """Writes down what was counted, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_S)
            try:
                await self.flush()
            except Exception as error:  # figures alone are lost
                log.warning("demand was not written down", problem=repr(error))

    async def flush(self) -> None:
        """Writes down what was counted since."""
        counts, self._counts = self._counts, Counter()
        if not counts:
            return
        async with self._database.transaction(SYSTEM) as uow:
            await placement_store.add_demand(
                uow,
                [
                    Asked(
                        region=region,
                        sha256=sha256,
                        listing_id=listing_id,
                        organisation_id=organisation_id,
                        requests=requests,
                    )
                    for (region, sha256, listing_id, organisation_id), requests in sorted(
                        counts.most_common(MAX_WRITTEN)
                    )
                ],
            )
