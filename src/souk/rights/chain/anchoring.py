"""Writes the log's newest head on the chain, whenever there is something new in it."""

import time

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.rights.chain import anchor_store
from souk.rights.chain.packaged import packaged
from souk.rights.chain.transactions import submit


class Anchoring:
    """Anchors on one chain: one head at a time, so that each covers all that came meanwhile.

    Args:
        database: the application's.
        every_s: the shortest time between two.
    """

    def __init__(self, database: Database, *, every_s: float) -> None:
        self._database = database
        self._every_s = every_s
        self._last = float("-inf")

    async def step(self, *, network: str, contract: str, account: str) -> bool:
        """Wants the newest head anchored when it is newer than all that were; whether it did."""
        if time.monotonic() - self._last < self._every_s:
            return False
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            head = await anchor_store.newest_head(uow)
            size, waits = await anchor_store.largest(uow, network)
        if head is None or waits or head.tree_size <= size:
            return False
        data = packaged("Anchor").call("anchor", head.tree_size, head.root)
        async with self._database.transaction(SYSTEM) as uow:
            wanted = await submit(
                uow,
                network=network,
                purpose=f"anchor:{head.tree_size}",
                data=data,
                recipient=contract,
            )
            await anchor_store.add(
                uow,
                network=network,
                head=head,
                contract=contract,
                account=account,
                transaction_id=wanted.id,
            )
        self._last = time.monotonic()
        return True
