"""The one sequencer: gives entries their places in the tree and signs its heads.

Appenders only insert, so they never wait for each other. The sequencer takes what has been
committed, and writes places, nodes and the signed head in one transaction: whenever it is killed,
the log stands at its last signed head and nothing is lost.

It looks for work on a short timer, and not by NOTIFY from every append: PostgreSQL lets
transactions that notify commit only one after the other, which would slow down every sale.
"""

import asyncio
from typing import Final

import structlog

from souk.infra.keyring import LOG, Keyring
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.infra.waiting import waited
from souk.rights.provenance import sequencer_store, store
from souk.rights.provenance.settings import ProvenanceSettings
from souk_client.proofs import (
    EMPTY_ROOT,
    Appended,
    Checkpoint,
    Node,
    append,
    peak_nodes,
    root_of_peaks,
    sign_checkpoint,
)

FAILURE_PAUSE_S: Final = 1.0

log = structlog.get_logger("souk.provenance")


class LogDamaged(Exception):
    """The stored tree does not lead to its newest signed head: somebody changed the database."""


class Sequencer:
    """Run one in the worker. Others may run beside it: whoever has the lock works, others wait.

    Args:
        database: the application's.
        keyring: signs with the current key of the purpose `log`.
        origin: the log's name, unless it was fixed before.
        settings: how often it looks, and how much it takes at once.
    """

    def __init__(
        self, database: Database, *, keyring: Keyring, origin: str, settings: ProvenanceSettings
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._origin = origin
        self._settings = settings
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Looks at once instead of at the next tick."""
        self._woken.set()

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            try:
                placed = await self.step()
            except Exception:
                log.exception("sequencing failed; trying again")
                placed = 0
                await asyncio.sleep(FAILURE_PAUSE_S)
            if placed < self._settings.batch:
                await waited(self._woken, self._settings.poll_ms / 1000)
                self._woken.clear()

    async def drain(self) -> int:
        """Places everything that waits now, then answers how many: for tests and commands.

        It takes its turn after a sequencer that is at work.
        """
        total = 0
        while True:
            async with self._database.transaction(SYSTEM) as uow:
                await sequencer_store.await_turn(uow)
                placed = await self._place(uow)
            if not placed:
                return total
            total += placed

    async def step(self) -> int:
        """Places one batch under a new head; answers how many entries that was.

        Raises:
            LogDamaged: the stored tree contradicts the newest head; nothing was written.
        """
        async with self._database.transaction(SYSTEM) as uow:
            if not await sequencer_store.anything_waits(uow):
                return 0
            if not await sequencer_store.take_turn(uow):
                return 0
            return await self._place(uow)

    async def _place(self, uow: UnitOfWork) -> int:
        size, peaks = await _stored_tree(uow)
        rows = await sequencer_store.take_waiting(uow, limit=self._settings.batch)
        if not rows:
            return 0
        grown = append(size, peaks, [row.leaf_hash for row in rows])
        await sequencer_store.add_leaves(uow, first_index=size, rows=rows)
        await sequencer_store.add_nodes(uow, [item for item in grown.nodes if item[0].level])
        await self._sign(uow, grown)
        return len(rows)

    async def _sign(self, uow: UnitOfWork, grown: Appended) -> None:
        key = await self._keyring.current(LOG)
        origin = await sequencer_store.fix_origin(uow, self._origin)
        signed_at = uow.now
        head = Checkpoint(
            origin=origin,
            tree_size=grown.size,
            root=root_of_peaks(grown.peaks),
            signed_at_s=int(signed_at.timestamp()),
        )
        await sequencer_store.add_head(
            uow,
            tree_size=head.tree_size,
            root=head.root,
            signed_at=signed_at.replace(microsecond=0),
            checkpoint=sign_checkpoint(head, key),
        )


async def _stored_tree(uow: UnitOfWork) -> tuple[int, list[bytes]]:
    """The size and the peaks of the tree under the newest head."""
    head = await store.newest_head(uow)
    if head is None:
        return 0, []
    wanted = peak_nodes(head.tree_size)
    found = {Node(row.level, row.place): row.hash for row in await store.nodes(uow, wanted)}
    peaks = [found.get(node, EMPTY_ROOT) for node in wanted]
    if root_of_peaks(peaks) != head.root:
        raise LogDamaged(f"the tree of {head.tree_size} entries is not the one that was signed")
    return head.tree_size, peaks
