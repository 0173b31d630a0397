"""Scaling as operators see it: policies, what was decided, nodes on order."""

from collections.abc import Collection, Sequence
from datetime import timedelta

import msgspec
import structlog

from souk.delivery.cdn import nodes_store, scaling_store
from souk.delivery.cdn.errors import (
    InstanceUnknown,
    PolicyInvalid,
    PolicyUnknown,
    ProviderUnknown,
    RegionUnknown,
)
from souk.delivery.cdn.fleet import PERMISSION, Fleet
from souk.delivery.cdn.scaling_model import Policy, RegionLoad, needed
from souk.delivery.cdn.scaling_store import InstanceRow, PolicyRow
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.ids import new_id
from souk_client.contracts.cdn import JoinTokenRequest
from souk_client.contracts.cdn_operations import (
    Instance,
    NodeOrder,
    NodeOrderRequest,
    ScalingDecision,
    ScalingPolicies,
    ScalingPolicy,
    ScalingPolicyRequest,
)

BY_TOKEN = "token"
DRAIN_ALONE = timedelta(seconds=60)
"""For an instance of a region without a policy."""

audit = structlog.get_logger("souk.audit")


class ScalingService:
    """What operators say about the number of nodes (admins)."""

    def __init__(self, *, fleet: Fleet, providers: Collection[str]) -> None:
        self._fleet = fleet
        self._providers = sorted(providers)

    async def list(self, uow: UnitOfWork, actor: Actor) -> ScalingPolicies:
        """Every policy, with how its region is."""
        actor.require(PERMISSION)
        loads = await region_loads(uow, self._fleet)
        instances = await scaling_store.alive(uow)
        return ScalingPolicies(
            items=[
                _policy(row, loads[row.region], instances)
                for row in await scaling_store.policies(uow)
            ],
            providers=self._providers,
        )

    async def get(self, uow: UnitOfWork, actor: Actor, region: str) -> ScalingPolicy:
        """A region's policy. Raises NotFound `scaling_policy_unknown`."""
        for policy in (await self.list(uow, actor)).items:
            if policy.region == region:
                return policy
        raise PolicyUnknown()

    async def set(
        self, uow: UnitOfWork, actor: Actor, region: str, wanted: ScalingPolicyRequest
    ) -> ScalingPolicy:
        """Sets a region's policy anew.

        Raises:
            Invalid: `region_unknown`, `provider_unknown`, `scaling_policy_invalid`.
        """
        user_id = actor.require(PERMISSION)
        await self._check_region(uow, region)
        self._check_provider(wanted.provider)
        if wanted.minimum > wanted.maximum:
            raise PolicyInvalid()
        await scaling_store.set_policy(
            uow,
            PolicyRow(
                region=region,
                changed_by=user_id,
                changed_at=uow.now,
                **msgspec.structs.asdict(wanted),
            ),
        )
        audit.info("a scaling policy was set", region=region, by=user_id)
        return await self.get(uow, actor, region)

    async def remove(self, uow: UnitOfWork, actor: Actor, region: str) -> None:
        """Ends a policy; its nodes are drained. Raises NotFound `scaling_policy_unknown`."""
        user_id = actor.require(PERMISSION)
        if not await scaling_store.remove_policy(uow, region):
            raise PolicyUnknown()
        for row in await scaling_store.alive(uow):
            if row.region == region:
                await drain(uow, row, after=DRAIN_ALONE)
        audit.info("a scaling policy was ended", region=region, by=user_id)

    async def decisions(
        self, uow: UnitOfWork, actor: Actor, *, region: str | None, limit: int
    ) -> Sequence[ScalingDecision]:
        """What was decided, the newest first."""
        actor.require(PERMISSION)
        return [
            msgspec.convert(row, ScalingDecision, from_attributes=True)
            for row in await scaling_store.decisions(uow, region=region, limit=limit)
        ]

    async def instances(self, uow: UnitOfWork, actor: Actor) -> Sequence[Instance]:
        """The nodes that providers run now."""
        actor.require(PERMISSION)
        return [_instance(row) for row in await scaling_store.alive(uow)]

    async def order(self, uow: UnitOfWork, actor: Actor, wanted: NodeOrderRequest) -> NodeOrder:
        """A new node: a join token for a machine of one's own, or one that a provider runs.

        Raises:
            Invalid: `region_unknown`, `provider_unknown`.
        """
        user_id = actor.require(PERMISSION)
        await self._check_region(uow, wanted.region)
        if wanted.provider == BY_TOKEN:
            join = await self._fleet.create_token(
                uow, actor, JoinTokenRequest(region=wanted.region)
            )
            return NodeOrder(region=wanted.region, provider=BY_TOKEN, join=join)
        self._check_provider(wanted.provider)
        instance_id = new_id("ins", uow.now)
        await scaling_store.add_instance(
            uow,
            instance_id=instance_id,
            region=wanted.region,
            provider=wanted.provider,
            reason="ordered by an operator",
        )
        audit.info("a node was ordered", instance=instance_id, region=wanted.region, by=user_id)
        row = await scaling_store.instance(uow, instance_id)
        assert row is not None
        return NodeOrder(region=wanted.region, provider=wanted.provider, instance=_instance(row))

    async def let_go(self, uow: UnitOfWork, actor: Actor, instance_id: str) -> Instance:
        """Drains a node that a provider runs, then ends it. Raises NotFound `instance_unknown`."""
        user_id = actor.require(PERMISSION)
        rows = {row.id: row for row in await scaling_store.alive(uow)}
        if instance_id not in rows:
            raise InstanceUnknown()
        policies = {row.region: row for row in await scaling_store.policies(uow)}
        policy = policies.get(rows[instance_id].region)
        after = DRAIN_ALONE if policy is None else timedelta(seconds=policy.drain_s)
        await drain(uow, rows[instance_id], after=after)
        audit.info("a node is let go", instance=instance_id, by=user_id)
        row = await scaling_store.instance(uow, instance_id)
        assert row is not None
        return _instance(row)

    def _check_provider(self, name: str) -> None:
        if name not in self._providers:
            raise ProviderUnknown(name, self._providers)

    async def _check_region(self, uow: UnitOfWork, name: str) -> None:
        if name not in {region.name for region in await nodes_store.regions(uow)}:
            raise RegionUnknown(name)


async def drain(uow: UnitOfWork, row: InstanceRow, *, after: timedelta) -> None:
    """Sends nobody there any more; it is ended once it is idle, or this time has passed."""
    if await scaling_store.drain(uow, row.id, until=uow.now + after) and row.node_id:
        await nodes_store.want(uow, row.node_id, "draining")


async def region_loads(uow: UnitOfWork, fleet: Fleet) -> dict[str, RegionLoad]:
    """Every region at this moment."""
    nodes = [row for row in await nodes_store.nodes(uow) if fleet.state(row, uow.now) == "ready"]
    serving = {row.id for row in nodes}
    ours = [row for row in await scaling_store.alive(uow) if row.state in {"wanted", "running"}]
    last = {row.region: row.at for row in await scaling_store.last_decisions(uow)}
    return {
        region.name: RegionLoad(
            loads=[row.load for row in nodes if row.region == region.name],
            starting=sum(row.region == region.name and row.node_id not in serving for row in ours),
            ours=sum(row.region == region.name for row in ours),
            quiet_s=(uow.now - last[region.name]).total_seconds() if region.name in last else None,
        )
        for region in await nodes_store.regions(uow)
    }


def policy_of(row: PolicyRow) -> Policy:
    """A stored policy as the rules see it."""
    return Policy(
        minimum=row.minimum,
        maximum=row.maximum,
        target_load=row.target_load,
        cool_down_s=row.cool_down_s,
    )


def _policy(row: PolicyRow, region: RegionLoad, instances: Sequence[InstanceRow]) -> ScalingPolicy:
    return ScalingPolicy(
        region=row.region,
        enabled=row.enabled,
        provider=row.provider,
        minimum=row.minimum,
        maximum=row.maximum,
        target_load=row.target_load,
        cool_down_s=row.cool_down_s,
        drain_s=row.drain_s,
        changed_at=row.changed_at,
        nodes=region.present,
        load=round(region.load, 4),
        needed=needed(policy_of(row), region.load),
        instances=[_instance(one) for one in instances if one.region == row.region],
    )


def _instance(row: InstanceRow) -> Instance:
    return msgspec.convert(row, Instance, from_attributes=True)
