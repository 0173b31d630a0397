"""The SQL of placements: rules, what lies where, demand and what follows it."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from souk.delivery.cdn.placement_model import Asked, Placed, ReplicaFacts
from souk.edge.placements import Held, Placement
from souk.infra.postgres.uow import UnitOfWork


class RuleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it is stored; empty texts say nothing."""

    id: str
    organisation_id: str
    listing_id: str
    sha256: str
    kind: str
    regions: list[str]
    copies: int
    size_bytes: int
    created_by: str
    created_at: datetime
    ends_at: datetime | None


class PlacedSum(msgspec.Struct, frozen=True, kw_only=True):
    """How far a node has come with a rule."""

    rule_id: str
    node_id: str
    region: str
    files: int
    size_bytes: int
    held_bytes: int
    done: int


class PlacedName(msgspec.Struct, frozen=True):
    """A decision's name."""

    sha256: str
    number: int


async def add_rule(uow: UnitOfWork, rule: RuleRow) -> None:
    await uow.execute(
        """
        INSERT INTO cdn.placements (id, organisation_id, listing_id, sha256, kind, regions, copies,
                                    created_by, created_at, ends_at)
        VALUES (%(id)s, %(organisation)s, %(listing)s, %(sha256)s, %(kind)s, %(regions)s,
                %(copies)s, %(by)s, %(at)s, %(ends)s)
        """,
        id=rule.id,
        organisation=rule.organisation_id,
        listing=rule.listing_id,
        sha256=rule.sha256,
        kind=rule.kind,
        regions=rule.regions,
        copies=rule.copies,
        by=rule.created_by,
        at=rule.created_at,
        ends=rule.ends_at,
    )


async def rule(uow: UnitOfWork, rule_id: str) -> RuleRow | None:
    return await uow.one_or_none(
        RuleRow, "SELECT * FROM cdn.placements WHERE id = %(id)s", id=rule_id
    )


async def rules(uow: UnitOfWork, *, organisation_id: str | None = None) -> list[RuleRow]:
    """An organisation's rules, or everybody's; the oldest first."""
    return await uow.all(
        RuleRow,
        """
        SELECT * FROM cdn.placements
        WHERE %(organisation)s::text IS NULL OR organisation_id = %(organisation)s
        ORDER BY created_at, id
        """,
        organisation=organisation_id,
    )


async def note_size(uow: UnitOfWork, rule_id: str, size_bytes: int) -> None:
    await uow.execute(
        "UPDATE cdn.placements SET size_bytes = %(size)s "
        "WHERE id = %(id)s AND size_bytes <> %(size)s",
        id=rule_id,
        size=size_bytes,
    )


async def remove_rule(uow: UnitOfWork, rule_id: str) -> None:
    await uow.execute("DELETE FROM cdn.placements WHERE id = %(id)s", id=rule_id)
    await uow.execute("DELETE FROM cdn.placed WHERE rule_id = %(id)s", id=rule_id)


async def sums(uow: UnitOfWork, rule_ids: Collection[str]) -> list[PlacedSum]:
    """What has come of these rules, by node."""
    return await uow.all(
        PlacedSum,
        """
        SELECT p.rule_id, p.node_id, n.region, count(*) AS files,
               sum(p.size_bytes)::bigint AS size_bytes, sum(p.held_bytes)::bigint AS held_bytes,
               count(*) FILTER (WHERE p.reported_at IS NOT NULL AND p.held_bytes >= p.size_bytes)
                   AS done
        FROM cdn.placed p JOIN cdn.nodes n ON n.id = p.node_id
        WHERE p.rule_id = ANY(%(rules)s)
        GROUP BY p.rule_id, p.node_id, n.region ORDER BY n.region, p.node_id
        """,
        rules=list(rule_ids),
    )


async def set_placed(
    uow: UnitOfWork, decisions: Sequence[Placed], *, nodes: Collection[str]
) -> None:
    """What lies where on these nodes from now on; what stays keeps its number and progress.

    What was placed on others, which are away, waits there for them.
    """
    await uow.execute(
        """
        DELETE FROM cdn.placed p WHERE p.node_id = ANY(%(present)s) AND NOT EXISTS (
            SELECT 1 FROM unnest(%(nodes)s::text[], %(files)s::text[]) AS d(node_id, sha256)
            WHERE d.node_id = p.node_id AND d.sha256 = p.sha256
        )
        """,
        present=list(nodes),
        nodes=[one.node_id for one in decisions],
        files=[one.wanted.sha256 for one in decisions],
    )
    number = int(uow.now.timestamp() * 1000)
    for one in decisions:
        wanted = one.wanted
        await uow.execute(
            """
            INSERT INTO cdn.placed AS p (node_id, sha256, size_bytes, root, listing_id,
                organisation_id, address, filename, pinned, cause, rule_id, number, decided_at)
            VALUES (%(node)s, %(sha256)s, %(size)s, %(root)s, %(listing)s, %(organisation)s,
                    %(address)s, %(filename)s, %(pinned)s, %(cause)s, %(rule)s, %(number)s, %(now)s)
            ON CONFLICT (node_id, sha256) DO UPDATE
            SET listing_id = excluded.listing_id, organisation_id = excluded.organisation_id,
                address = excluded.address, filename = excluded.filename,
                pinned = excluded.pinned, cause = excluded.cause, rule_id = excluded.rule_id,
                number = excluded.number
            WHERE (p.listing_id, p.address, p.filename, p.pinned, p.cause, p.rule_id)
                  IS DISTINCT FROM (excluded.listing_id, excluded.address, excluded.filename,
                                    excluded.pinned, excluded.cause, excluded.rule_id)
            """,
            node=one.node_id,
            sha256=wanted.sha256,
            size=wanted.size_bytes,
            root=wanted.root,
            listing=wanted.listing_id,
            organisation=wanted.organisation_id,
            address=wanted.address,
            filename=wanted.filename,
            pinned=wanted.cause != "prefetch",
            cause=wanted.cause,
            rule=wanted.rule_id,
            number=number,
            now=uow.now,
        )


async def names_at(uow: UnitOfWork, node_id: str) -> list[PlacedName]:
    return await uow.all(
        PlacedName, "SELECT sha256, number FROM cdn.placed WHERE node_id = %(node)s", node=node_id
    )


async def placed_at(uow: UnitOfWork, node_id: str, *, sha256: str | None = None) -> list[Placement]:
    """What is placed on a node, all or one file, as the node hears it."""
    return await uow.all(
        Placement,
        """
        SELECT sha256, size_bytes, root, listing_id, organisation_id, address, filename, pinned,
               number
        FROM cdn.placed
        WHERE node_id = %(node)s AND (%(sha256)s::text IS NULL OR sha256 = %(sha256)s)
        ORDER BY decided_at, sha256
        """,
        node=node_id,
        sha256=sha256,
    )


async def note_held(uow: UnitOfWork, node_id: str, held: Sequence[Held]) -> None:
    for one in held:
        await uow.execute(
            """
            UPDATE cdn.placed SET held_bytes = least(%(held)s, size_bytes), reported_at = %(now)s
            WHERE node_id = %(node)s AND sha256 = %(sha256)s AND number = %(number)s
            """,
            node=node_id,
            sha256=one.sha256,
            number=one.number,
            held=one.bytes_held,
            now=uow.now,
        )


async def add_demand(uow: UnitOfWork, counts: Sequence[Asked]) -> None:
    """Adds to this minute's."""
    for one in counts:
        await uow.execute(
            """
            INSERT INTO cdn.demand AS d
            VALUES (date_trunc('minute', %(now)s), %(region)s, %(sha256)s, %(listing)s,
                    %(organisation)s, %(requests)s)
            ON CONFLICT (minute, region, sha256) DO UPDATE
            SET requests = d.requests + excluded.requests
            """,
            now=uow.now,
            region=one.region,
            sha256=one.sha256,
            listing=one.listing_id,
            organisation=one.organisation_id,
            requests=one.requests,
        )


async def demand(uow: UnitOfWork, *, since: datetime, at_least: int) -> list[Asked]:
    """What was asked for since then, so often at least, or is followed already."""
    return await uow.all(
        Asked,
        """
        SELECT d.region, d.sha256, min(d.listing_id) AS listing_id,
               min(d.organisation_id) AS organisation_id, sum(d.requests)::bigint AS requests
        FROM cdn.demand d WHERE d.minute >= %(since)s
        GROUP BY d.region, d.sha256
        HAVING sum(d.requests) >= %(least)s OR EXISTS (
            SELECT 1 FROM cdn.replicas r WHERE r.region = d.region AND r.sha256 = d.sha256
        )
        """,
        since=since,
        least=at_least,
    )


async def replicas(uow: UnitOfWork) -> list[ReplicaFacts]:
    return await uow.all(ReplicaFacts, "SELECT * FROM cdn.replicas ORDER BY region, sha256")


async def set_replicas(uow: UnitOfWork, wanted: Sequence[ReplicaFacts]) -> None:
    await uow.execute(
        """
        DELETE FROM cdn.replicas r WHERE NOT EXISTS (
            SELECT 1 FROM unnest(%(regions)s::text[], %(files)s::text[]) AS w(region, sha256)
            WHERE w.region = r.region AND w.sha256 = r.sha256
        )
        """,
        regions=[one.region for one in wanted],
        files=[one.sha256 for one in wanted],
    )
    for one in wanted:
        await uow.execute(
            """
            INSERT INTO cdn.replicas VALUES (%(region)s, %(sha256)s, %(listing)s, %(organisation)s,
                                             %(copies)s, %(since)s, %(low)s)
            ON CONFLICT (region, sha256) DO UPDATE
            SET copies = excluded.copies, low_since = excluded.low_since
            """,
            region=one.region,
            sha256=one.sha256,
            listing=one.listing_id,
            organisation=one.organisation_id,
            copies=one.copies,
            since=one.since,
            low=one.low_since,
        )


async def forget(uow: UnitOfWork, *, demand_before: datetime) -> None:
    """Removes old demand, and prefetches that were given up."""
    await uow.execute("DELETE FROM cdn.demand WHERE minute < %(before)s", before=demand_before)
    await uow.execute("DELETE FROM cdn.placements WHERE ends_at < %(now)s", now=uow.now)
