"""Carries scaling out: decides, starts, drains and ends nodes, and takes up what runs already."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import structlog

from souk.delivery.cdn import nodes_store, scaling_store
from souk.delivery.cdn.fleet import Fleet, digest_of_token, new_join_token
from souk.delivery.cdn.providers import NodeProvider, NodeSpec, Running
from souk.delivery.cdn.scaling import DRAIN_ALONE, drain, policy_of, region_loads
from souk.delivery.cdn.scaling_model import decide
from souk.delivery.cdn.scaling_store import DecisionRow, InstanceRow, PolicyRow
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.ids import new_id

EVERY_S: Final = 3.0
JOIN_WITHIN: Final = timedelta(seconds=120)
"""A node that has not joined by then is given up."""
FORCE_AFTER: Final = timedelta(seconds=60)
"""A node that was asked to end and has not for so long is ended by force."""

log = structlog.get_logger("souk.cdn")


class Scaler:
    """One round every few seconds, in one worker at a time.

    What is to be done is written down and committed before it is done, and everything that is done
    can be repeated: so a worker may die anywhere, and the next goes on from what it finds.
    """

    def __init__(
        self, database: Database, *, fleet: Fleet, providers: Mapping[str, NodeProvider]
    ) -> None:
        self._database = database
        self._fleet = fleet
        self._providers = providers

    async def run(self, _lock: UnitOfWork) -> None:
        """One round; `_lock` is the transaction that keeps other workers from doing it too."""
        async with self._database.transaction(SYSTEM) as uow:
            await self._decide(uow)
        for name, provider in self._providers.items():
            await self._carry_out(name, provider)

    async def _decide(self, uow: UnitOfWork) -> None:
        loads = await region_loads(uow, self._fleet)
        alive = await scaling_store.alive(uow)
        for row in await scaling_store.policies(uow):
            region = loads[row.region]
            decision = decide(policy_of(row), region) if row.enabled else None
            if decision is None or row.provider not in self._providers:
                continue
            await self._note(
                uow,
                row.region,
                decision.action,
                region.present,
                decision.wanted,
                load=region.load,
                reason=decision.reason,
            )
            if decision.action == "out":
                for _ in range(decision.wanted - region.present):
                    await scaling_store.add_instance(
                        uow,
                        instance_id=new_id("ins", uow.now),
                        region=row.region,
                        provider=row.provider,
                        reason=decision.reason,
                    )
            else:
                await self._let_go(uow, row, alive, count=region.present - decision.wanted)

    async def _let_go(
        self, uow: UnitOfWork, policy: PolicyRow, alive: list[InstanceRow], *, count: int
    ) -> None:
        """Those with the fewest downloads, the newest of equals."""
        ours = [
            row
            for row in reversed(alive)
            if row.region == policy.region and row.state in {"wanted", "running"}
        ]
        for row in sorted(ours, key=lambda one: one.downloads or 0)[:count]:
            await drain(uow, row, after=timedelta(seconds=policy.drain_s))

    async def _carry_out(self, name: str, provider: NodeProvider) -> None:
        running = await provider.running()
        async with self._database.transaction(SYSTEM) as uow:
            rows = [row for row in await scaling_store.alive(uow) if row.provider == name]
        known = {row.id for row in rows}
        for instance_id, found in running.items():
            if instance_id not in known:  # ended here, or of a database that was restored
                await provider.ask_to_end(found.handle)
        for row in rows:
            try:
                await self._step(provider, row, running.get(row.id))
            except OSError as error:
                log.warning("a node cannot be started", instance=row.id, problem=repr(error))
                await self._end(provider, row, problem=str(error))

    async def _step(self, provider: NodeProvider, row: InstanceRow, found: Running | None) -> None:
        if row.state == "wanted":
            await self._start(provider, row, found)
        elif found is None:
            problem = "" if row.state == "draining" else "its process has ended by itself"
            await self._end(provider, row, problem=problem)
        elif row.state == "running":
            await self._watch(provider, row, found)
        else:
            await self._drain(provider, row, found)

    async def _start(self, provider: NodeProvider, row: InstanceRow, found: Running | None) -> None:
        if found is None:  # else it was started by who died before writing it down
            async with self._database.transaction(SYSTEM) as uow:
                token = new_join_token()
                await nodes_store.add_join_token(
                    uow,
                    digest=digest_of_token(token),
                    region=row.region,
                    created_by="scaling",
                    expires_at=uow.now + JOIN_WITHIN,
                )
            found = await provider.start(
                NodeSpec(instance_id=row.id, region=row.region, token=token)
            )
        async with self._database.transaction(SYSTEM) as uow:
            await scaling_store.note_started(uow, row.id, handle=found.handle, url=found.url)

    async def _watch(self, provider: NodeProvider, row: InstanceRow, found: Running) -> None:
        async with self._database.transaction(SYSTEM) as uow:
            if found.handle != row.handle:
                await scaling_store.note_handle(uow, row.id, handle=found.handle, url=found.url)
            node = None if row.node_id is None else await nodes_store.node(uow, row.node_id)
            if row.node_id is not None and node is None:  # an operator has removed it
                await drain(uow, row, after=timedelta(0))
            if row.node_id is None and uow.now - row.state_since > JOIN_WITHIN:
                await drain(uow, row, after=timedelta(0))

    async def _drain(self, provider: NodeProvider, row: InstanceRow, found: Running) -> None:
        """Ends it once it has nothing under way, or its time is over; never before."""
        async with self._database.transaction(SYSTEM) as uow:
            node = None if row.node_id is None else await nodes_store.node(uow, row.node_id)
            if node is not None and node.wanted != "draining":
                await nodes_store.want(uow, node.id, "draining")  # it joined meanwhile
                return
            heard = node is None or (
                node.reported in {"draining", "down"}
                and node.seen_at is not None
                and node.seen_at > row.state_since
            )
            idle = heard and (node is None or node.downloads == 0)
            assert row.drain_until is not None
            over = uow.now >= row.drain_until
            force = uow.now >= row.drain_until + FORCE_AFTER
        if force:
            await provider.end(found.handle)
        elif idle or over:
            await provider.ask_to_end(found.handle)

    async def _end(self, provider: NodeProvider, row: InstanceRow, *, problem: str) -> None:
        async with self._database.transaction(SYSTEM) as uow:
            await scaling_store.note_ended(uow, row.id, problem=problem)
            if row.node_id is not None:
                await nodes_store.want(uow, row.node_id, "removed")
            if problem:
                loads = (await region_loads(uow, self._fleet))[row.region]
                await self._note(
                    uow,
                    row.region,
                    "replace",
                    loads.present,
                    loads.present,
                    load=loads.load,
                    reason=f"{row.id}: {problem}",
                )
        await provider.clear(row.id)

    async def _note(
        self,
        uow: UnitOfWork,
        region: str,
        action: str,
        nodes: int,
        wanted: int,
        *,
        load: float,
        reason: str,
    ) -> None:
        log.info("scaling", region=region, action=action, wanted=wanted, reason=reason)
        await scaling_store.add_decision(
            uow,
            DecisionRow(
                id=new_id("scd", uow.now),
                at=uow.now,
                region=region,
                action=action,
                nodes=nodes,
                wanted=wanted,
                load=load,
                reason=reason,
            ),
        )


__all__ = ["DRAIN_ALONE", "EVERY_S", "Scaler"]
