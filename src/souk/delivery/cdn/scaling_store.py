"""The SQL of scaling: policies, nodes that providers run, what was decided. System scope."""

from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork


class PolicyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A policy as it is stored."""

    region: str
    enabled: bool
    provider: str
    minimum: int
    maximum: int
    target_load: float
    cool_down_s: int
    drain_s: int
    changed_by: str
    changed_at: datetime


class InstanceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A node that a provider runs, with what the node says of itself."""

    id: str
    region: str
    provider: str
    state: str
    handle: str
    url: str
    reason: str
    problem: str
    created_at: datetime
    state_since: datetime
    drain_until: datetime | None
    node_id: str | None = None
    downloads: int | None = None
    seen_at: datetime | None = None


class DecisionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A decision."""

    id: str
    at: datetime
    region: str
    action: str
    nodes: int
    wanted: int
    load: float
    reason: str


async def policies(uow: UnitOfWork) -> list[PolicyRow]:
    return await uow.all(PolicyRow, "SELECT * FROM cdn.scaling ORDER BY region")


async def set_policy(uow: UnitOfWork, row: PolicyRow) -> None:
    await uow.execute(
        """
        INSERT INTO cdn.scaling VALUES (%(region)s, %(enabled)s, %(provider)s, %(minimum)s,
            %(maximum)s, %(target)s, %(cool_down)s, %(drain)s, %(by)s, %(at)s)
        ON CONFLICT (region) DO UPDATE
        SET enabled = excluded.enabled, provider = excluded.provider, minimum = excluded.minimum,
            maximum = excluded.maximum, target_load = excluded.target_load,
            cool_down_s = excluded.cool_down_s, drain_s = excluded.drain_s,
            changed_by = excluded.changed_by, changed_at = excluded.changed_at
        """,
        region=row.region,
        enabled=row.enabled,
        provider=row.provider,
        minimum=row.minimum,
        maximum=row.maximum,
        target=row.target_load,
        cool_down=row.cool_down_s,
        drain=row.drain_s,
        by=row.changed_by,
        at=row.changed_at,
    )


async def remove_policy(uow: UnitOfWork, region: str) -> bool:
    return await uow.execute("DELETE FROM cdn.scaling WHERE region = %(r)s", r=region) == 1


async def alive(uow: UnitOfWork) -> list[InstanceRow]:
    """Every instance that has not ended, the oldest first."""
    return await uow.all(
        InstanceRow,
        """
        SELECT i.*, n.id AS node_id, n.downloads, n.seen_at
        FROM cdn.instances i
        LEFT JOIN LATERAL (
            SELECT * FROM cdn.nodes WHERE url = i.url AND i.url <> '' AND joined_at >= i.created_at
            ORDER BY joined_at DESC LIMIT 1
        ) n ON true
        WHERE i.state <> 'ended' ORDER BY i.created_at, i.id
        """,
    )


async def instance(uow: UnitOfWork, instance_id: str) -> InstanceRow | None:
    return await uow.one_or_none(
        InstanceRow, "SELECT * FROM cdn.instances WHERE id = %(id)s", id=instance_id
    )


async def add_instance(
    uow: UnitOfWork, *, instance_id: str, region: str, provider: str, reason: str
) -> None:
    await uow.execute(
        """
        INSERT INTO cdn.instances (id, region, provider, state, reason, created_at, state_since)
        VALUES (%(id)s, %(region)s, %(provider)s, 'wanted', %(reason)s, %(now)s, %(now)s)
        """,
        id=instance_id,
        region=region,
        provider=provider,
        reason=reason,
        now=uow.now,
    )


async def note_started(uow: UnitOfWork, instance_id: str, *, handle: str, url: str) -> None:
    await uow.execute(
        """
        UPDATE cdn.instances
        SET state = 'running', handle = %(handle)s, url = %(url)s, state_since = %(now)s
        WHERE id = %(id)s AND state = 'wanted'
        """,
        id=instance_id,
        handle=handle,
        url=url,
        now=uow.now,
    )


async def note_handle(uow: UnitOfWork, instance_id: str, *, handle: str, url: str) -> None:
    """A process that was found again."""
    await uow.execute(
        "UPDATE cdn.instances SET handle = %(handle)s, url = %(url)s WHERE id = %(id)s",
        id=instance_id,
        handle=handle,
        url=url,
    )


async def drain(uow: UnitOfWork, instance_id: str, *, until: datetime) -> bool:
    changed = await uow.execute(
        """
        UPDATE cdn.instances SET state = 'draining', state_since = %(now)s, drain_until = %(until)s
        WHERE id = %(id)s AND state IN ('wanted', 'running')
        """,
        id=instance_id,
        now=uow.now,
        until=until,
    )
    return changed == 1


async def note_ended(uow: UnitOfWork, instance_id: str, *, problem: str = "") -> None:
    await uow.execute(
        """
        UPDATE cdn.instances SET state = 'ended', state_since = %(now)s, problem = %(problem)s
        WHERE id = %(id)s AND state <> 'ended'
        """,
        id=instance_id,
        now=uow.now,
        problem=problem,
    )


async def add_decision(uow: UnitOfWork, row: DecisionRow) -> None:
    await uow.execute(
        """
        INSERT INTO cdn.scaling_decisions VALUES (%(id)s, %(at)s, %(region)s, %(action)s,
            %(nodes)s, %(wanted)s, %(load)s, %(reason)s)
        """,
        id=row.id,
        at=row.at,
        region=row.region,
        action=row.action,
        nodes=row.nodes,
        wanted=row.wanted,
        load=row.load,
        reason=row.reason,
    )


async def decisions(uow: UnitOfWork, *, region: str | None, limit: int) -> list[DecisionRow]:
    """The newest first."""
    return await uow.all(
        DecisionRow,
        """
        SELECT * FROM cdn.scaling_decisions
        WHERE %(region)s::text IS NULL OR region = %(region)s
        ORDER BY at DESC, id DESC LIMIT %(limit)s
        """,
        region=region,
        limit=limit,
    )


async def last_decisions(uow: UnitOfWork) -> list[DecisionRow]:
    """Each region's newest."""
    return await uow.all(
        DecisionRow,
        "SELECT DISTINCT ON (region) * FROM cdn.scaling_decisions "
        "ORDER BY region, at DESC, id DESC",
    )


async def forget(uow: UnitOfWork, *, before: datetime) -> None:
    await uow.execute("DELETE FROM cdn.scaling_decisions WHERE at < %(before)s", before=before)
    await uow.execute(
        "DELETE FROM cdn.instances WHERE state = 'ended' AND state_since < %(before)s",
        before=before,
    )
