"""Follows one chain: reads what is new, takes back what the chain took back, says what is final.

All that a step found is written in one transaction together with how far the chain was read, so a
process that is killed anywhere goes on from there. A node is believed as far as its answers fit
together; where they do not, the next one is asked.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.ids import new_id
from souk.rights.chain.api import (
    ChainUnreachable,
    Rpc,
    RpcError,
    contracts,
    first_deployed,
    is_network,
)
from souk.rights.chain_index import store
from souk.rights.chain_index.api import Fact
from souk.rights.chain_index.events import Stage
from souk.rights.chain_index.facts import event_of
from souk.rights.chain_index.model import FOLLOWED, Found, Header
from souk.rights.chain_index.reader import NodeDoubtful, Reader, Stretch
from souk.rights.chain_index.store import Cursor

LONGEST_PAUSE_S: Final = 30.0
MORE_THAN_FINAL: Final = 32
"""So many blocks beyond the finality are kept, and read one by one near the chain's end."""
MAX_LAG_BLOCKS: Final = 5
FIRST_BLOCKS: Final = 50
"""How many blocks are asked for first; more where they hold little."""
MANY_FACTS: Final = 5_000
"""Where a stretch holds more, the next is shorter: each is read, and written, at once."""
SETTLED_AT_ONCE: Final = 200

log = structlog.get_logger("souk.chain_index")


class Indexer:
    """Reads one chain until cancelled. Others may run beside it: one at a time writes.

    Args:
        database: the application's.
        rpc: the chain's nodes; the indexer's own connection.
        finality: how many blocks make a fact final.
        given: contracts that the settings name.
        start: the first block to read; None: that of the first contract Souk put there.
        most_blocks: how many blocks are asked for at once.
        poll_s: how often it looks.
        halt: called between steps with the step's name; tests end the process there.
    """

    def __init__(
        self,
        database: Database,
        *,
        rpc: Rpc,
        finality: int,
        given: Mapping[str, str],
        start: int | None,
        most_blocks: int,
        poll_s: float,
        halt: Callable[[str], None] = lambda _step: None,
    ) -> None:
        self._database = database
        self._rpc = rpc
        self._finality = finality
        self._given = given
        self._start = start
        self._most_blocks = most_blocks
        self._range = min(most_blocks, FIRST_BLOCKS)
        self._poll_s = poll_s
        self._halt = halt
        self._followed: tuple[str, Mapping[str, str]] | None = None
        self._rested: tuple[str, str] | None = None
        """The network and the newest block after which there was nothing more to do."""
        self._best = 0

    async def run(self) -> None:
        """Reads; a chain that is away is waited for with growing pauses."""
        pause_s = self._poll_s
        try:
            while True:
                try:
                    more = await self.step()
                    pause_s = 0.0 if more else self._poll_s
                except (ChainUnreachable, RpcError) as error:
                    log.warning("the chain waits", chain=self._rpc.spec.name, problem=str(error))
                    pause_s = min(max(pause_s * 2, 0.5), LONGEST_PAUSE_S)
                except Exception:
                    log.exception("reading the chain failed; trying again")
                    pause_s = min(max(pause_s * 2, 0.5), LONGEST_PAUSE_S)
                await asyncio.sleep(pause_s)
        finally:
            await self._rpc.close()

    async def step(self) -> bool:
        """Reads the next stretch; whether there is more to read at once.

        Raises:
            ChainUnreachable: no node gives answers that fit together; nothing is lost.
            RpcError: every node refuses even a single block.
        """
        network = await self._rpc.identify()
        followed = await self._contracts(network)
        if not followed:
            return False
        reader = Reader(self._rpc, contracts=followed)
        refusal: RpcError | None = None
        for node in range(self._rpc.nodes):
            try:
                return await self._read(reader, node, network)
            except NodeDoubtful as doubt:
                log.warning(
                    "a node of the chain is passed over",
                    chain=self._rpc.spec.name,
                    node=node,
                    problem=str(doubt),
                )
            except RpcError as error:
                refusal = error
        if refusal is not None:
            raise refusal
        raise ChainUnreachable(f"No node of {self._rpc.spec.name} gives answers that fit together.")

    async def close(self) -> None:
        """Lets go of the connections to the nodes."""
        await self._rpc.close()

    # ------------------------------------------------------------------------------- one step

    async def _read(self, reader: Reader, node: int, network: str) -> bool:
        head = await reader.head(node)
        if self._rested == (network, head.hash):
            return False
        if self._rpc.nodes > 1 and head.height < self._best - MAX_LAG_BLOCKS:
            raise NodeDoubtful(f"it is at block {head.height}, others are at {self._best}")
        self._best = head.height
        cursor = await self._cursor(network)
        if cursor is None:
            return False
        if await self._is_taken_back(reader, node, cursor, head):
            await self._go_back(reader, node, network, cursor, head)
            return True
        if cursor.next <= head.height:
            cursor = await self._go_on(reader, node, network, cursor, head)
        await self._settle(network, head.height - self._finality + 1)
        if cursor.indexed_block < head.height:
            return True
        self._rested = (network, head.hash)
        return False

    async def _contracts(self, network: str) -> Mapping[str, str]:
        """Names by address; none while not all are known."""
        if self._followed is not None and self._followed[0] == network:
            return self._followed[1]
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            if not await is_network(uow, network):
                return {}
            known = {**await contracts(uow, network), **self._given}
        if not set(FOLLOWED) <= known.keys():
            return {}
        followed = {known[name].lower(): name for name in FOLLOWED}
        self._followed = (network, followed)
        return followed

    async def _cursor(self, network: str) -> Cursor | None:
        async with self._database.transaction(SYSTEM) as uow:
            there = await store.cursor(uow, network)
            if there is None:
                start = self._start
                if start is None:
                    start = await first_deployed(uow, network) or 0
                await store.begin(uow, network, at=start)
                there = await store.cursor(uow, network)
        return there

    async def _go_on(
        self, reader: Reader, node: int, network: str, cursor: Cursor, head: Header
    ) -> Cursor:
        last = min(head.height, cursor.indexed_block + self._range)
        dense_from = head.height - self._keep + 1
        try:
            stretch = await reader.stretch(
                node, cursor.next, last, before=cursor.indexed_hash or None, dense_from=dense_from
            )
        except RpcError:
            if last == cursor.next:
                raise
            # Nodes refuse stretches with too many blocks or logs, each in words of its own.
            self._range = max((last - cursor.indexed_block) // 2, 1)
            return cursor
        final_up_to = await self._final_up_to(stretch, head)
        self._halt("read")
        async with self._database.transaction(SYSTEM) as uow:
            if not await self._may_write(uow, network, cursor):
                return cursor
            await self._write(uow, network, stretch, final_up_to=final_up_to)
            await store.advance(
                uow,
                network,
                block=last,
                hash_=stretch.last.hash,
                blocks={number: one.hash for number, one in stretch.headers.items()},
                keep=self._keep,
            )
            self._halt("written")
        if len(stretch.found) > MANY_FACTS:
            self._range = max(self._range // 2, 1)
        elif len(stretch.found) < MANY_FACTS // 2:
            self._range = min(self._range * 2, self._most_blocks)
        return Cursor(
            started_block=cursor.started_block, indexed_block=last, indexed_hash=stretch.last.hash
        )

    @property
    def _keep(self) -> int:
        return self._finality + MORE_THAN_FINAL

    async def _final_up_to(self, stretch: Stretch, head: Header) -> int:
        """Up to which block all nodes have the same, among those that are deep enough."""
        deep = head.height - self._finality + 1
        heights = [number for number in stretch.headers if number <= deep]
        if not heights:
            return -1
        highest = max(heights)
        agreed = await self._rpc.all_agree(highest, stretch.headers[highest].hash)
        return highest if agreed else -1

    async def _may_write(self, uow: UnitOfWork, network: str, cursor: Cursor) -> bool:
        """Whether nobody else writes, or has written meanwhile."""
        if not await store.take_turn(uow, self._rpc.spec.chain_id):
            return False
        return await store.cursor(uow, network) == cursor

    async def _write(
        self, uow: UnitOfWork, network: str, stretch: Stretch, *, final_up_to: int
    ) -> None:
        def stage(one: Found) -> Stage:
            return "final" if one.block_number <= final_up_to else "seen"

        rows = [
            (new_id("cfa", uow.now), stage(one), one, stretch.headers[one.block_number].time)
            for one in stretch.found
        ]
        written = await store.add(uow, network, rows)
        for _, at_stage, one, time in rows:
            fact_id = written.get((one.block_hash, one.log_index))
            if fact_id is not None:
                fact = Fact(
                    id=fact_id,
                    kind=one.kind,
                    stage=at_stage,
                    chain=self._rpc.spec.name,
                    chain_id=self._rpc.spec.chain_id,
                    network=network,
                    contract=one.contract,
                    block_number=one.block_number,
                    block_hash=one.block_hash,
                    block_time=time,
                    transaction_hash=one.transaction_hash,
                    log_index=one.log_index,
                    arguments=one.arguments,
                )
                uow.publish(event_of(fact))

    async def _settle(self, network: str, deep: int) -> None:
        """Makes facts final on whose block enough others stand, where all nodes have that block."""
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            blocks = await store.unsettled(uow, network, up_to=deep, limit=SETTLED_AT_ONCE)
        agreed = [hash_ for number, hash_ in blocks if await self._rpc.all_agree(number, hash_)]
        if not agreed:
            return
        async with self._database.transaction(SYSTEM) as uow:
            _publish(uow, await store.settle(uow, network, agreed))

    # ------------------------------------------------------------------------ re-organisation

    async def _is_taken_back(self, reader: Reader, node: int, cursor: Cursor, head: Header) -> bool:
        """Whether the block up to which was read is no longer the chain's.

        Raises:
            NodeDoubtful: other nodes still have it.
        """
        if not cursor.indexed_hash:
            return False
        number = cursor.indexed_block
        if head.height < number:
            # A node that lags says nothing; a chain of one's own that is shorter was set back.
            return self._rpc.spec.is_local
        there = head if head.height == number else await reader.header(node, number)
        if there is not None and there.hash == cursor.indexed_hash:
            return False
        for other in range(self._rpc.nodes):
            if other != node and await reader.agrees(other, number, cursor.indexed_hash):
                raise NodeDoubtful(f"it has another block {number} than others")
        return True

    async def _go_back(
        self, reader: Reader, node: int, network: str, cursor: Cursor, head: Header
    ) -> None:
        """Takes back what stands on blocks that are no longer the chain's."""
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            known = await store.known_blocks(uow, network)
        block, hash_ = await self._common(reader, node, known, cursor=cursor, head=head)
        self._halt("common")
        async with self._database.transaction(SYSTEM) as uow:
            if not await self._may_write(uow, network, cursor):
                return
            undone = await store.undo(uow, network, above=block)
            await store.go_back(uow, network, block=block, hash_=hash_)
            _publish(uow, undone)
        self._rested = None
        tell = log.error if cursor.indexed_block - block >= self._finality else log.warning
        tell(
            "the chain took blocks back",
            chain=self._rpc.spec.name,
            blocks=cursor.indexed_block - block,
            facts=len(undone),
        )

    async def _common(
        self,
        reader: Reader,
        node: int,
        known: Mapping[int, str],
        *,
        cursor: Cursor,
        head: Header,
    ) -> tuple[int, str]:
        """The newest block that was read and is still the chain's; the one before the first
        when there is none."""
        numbers = [number for number in known if number <= head.height]
        for start in range(0, len(numbers), 100):
            part = numbers[start : start + 100]
            headers = await reader.headers(node, part)
            for number in part:
                if number in headers and headers[number].hash == known[number]:
                    return number, known[number]
        return cursor.started_block - 1, ""


def _publish(uow: UnitOfWork, facts: Sequence[Fact]) -> None:
    for fact in facts:
        uow.publish(event_of(fact))
