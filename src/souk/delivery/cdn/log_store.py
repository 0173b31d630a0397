"""The SQL of commands to nodes, the configuration, residency, slices and figures."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from souk.edge.protocol import Command, CommandKind, UsageLine
from souk.infra.postgres.uow import UnitOfWork


class Log(msgspec.Struct, frozen=True):
    """How far the log of commands goes."""

    newest: int
    forgotten: int


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator has set."""

    redirects: bool
    default_region: str
    shield_region: str


class ResidencyRow(msgspec.Struct, frozen=True, kw_only=True):
    """Where bytes may lie."""

    organisation_id: str
    listing_id: str
    regions: list[str]


class SliceListRow(msgspec.Struct, frozen=True):
    """The slice hashes of an artifact."""

    root: str
    digests: bytes


class TrafficRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one node served in a time."""

    node_id: str
    region: str | None
    requests: int
    errors: int
    bytes_sent: int
    hit_bytes: int
    latency: list[int]


async def log(uow: UnitOfWork) -> Log:
    return await uow.one(Log, "SELECT newest, forgotten FROM cdn.log")


async def append(uow: UnitOfWork, *, kind: CommandKind, value: str, by: str) -> int:
    """Adds a command; its number. The log's row is held until the commit, so numbers are seen in
    their order."""
    number = int(await uow.value("UPDATE cdn.log SET newest = newest + 1 RETURNING newest"))
    await uow.execute(
        "INSERT INTO cdn.commands VALUES (%(number)s, %(kind)s, %(value)s, %(by)s, %(now)s)",
        number=number,
        kind=kind,
        value=value,
        by=by,
        now=uow.now,
    )
    return number


async def commands_after(uow: UnitOfWork, number: int, *, limit: int) -> list[Command]:
    return await uow.all(
        Command,
        "SELECT number, kind, value FROM cdn.commands WHERE number > %(number)s "
        "ORDER BY number LIMIT %(limit)s",
        number=number,
        limit=limit,
    )


async def revoked_since(uow: UnitOfWork, since: datetime) -> list[str]:
    """Licences that ended since then."""
    found = await uow.values(
        "SELECT value FROM cdn.commands WHERE kind = 'revoke' AND created_at > %(since)s",
        since=since,
    )
    return [str(value) for value in found]


async def forget_commands(uow: UnitOfWork, *, before: datetime) -> None:
    newest = await uow.value(
        "SELECT max(number) FROM cdn.commands WHERE created_at < %(before)s", before=before
    )
    if newest is not None:
        await uow.execute("UPDATE cdn.log SET forgotten = %(number)s", number=newest)
        await uow.execute("DELETE FROM cdn.commands WHERE number <= %(number)s", number=newest)


async def configuration(uow: UnitOfWork) -> Configuration:
    return await uow.one(
        Configuration, "SELECT redirects, default_region, shield_region FROM cdn.configuration"
    )


async def configure(uow: UnitOfWork, wanted: Configuration, *, by: str) -> None:
    await uow.execute(
        """
        UPDATE cdn.configuration SET redirects = %(redirects)s, default_region = %(region)s,
               shield_region = %(shield)s, changed_by = %(by)s, changed_at = %(now)s
        """,
        redirects=wanted.redirects,
        region=wanted.default_region,
        shield=wanted.shield_region,
        by=by,
        now=uow.now,
    )


async def residency(uow: UnitOfWork, *, organisation_id: str) -> list[ResidencyRow]:
    return await uow.all(
        ResidencyRow,
        "SELECT organisation_id, listing_id, regions FROM cdn.residency "
        "WHERE organisation_id = %(id)s ORDER BY listing_id",
        id=organisation_id,
    )


async def set_residency(
    uow: UnitOfWork, *, organisation_id: str, listing_id: str, regions: Sequence[str], by: str
) -> None:
    if not regions:
        await uow.execute(
            "DELETE FROM cdn.residency WHERE organisation_id = %(id)s AND listing_id = %(listing)s",
            id=organisation_id,
            listing=listing_id,
        )
        return
    await uow.execute(
        """
        INSERT INTO cdn.residency VALUES (%(id)s, %(listing)s, %(regions)s, %(by)s, %(now)s)
        ON CONFLICT (organisation_id, listing_id) DO UPDATE
        SET regions = excluded.regions, set_by = excluded.set_by, set_at = excluded.set_at
        """,
        id=organisation_id,
        listing=listing_id,
        regions=list(regions),
        by=by,
        now=uow.now,
    )


async def regions_of(uow: UnitOfWork, *, organisation_id: str, listing_id: str) -> list[str]:
    """Where a work's bytes may lie; anywhere when empty."""
    found = await uow.value(
        """
        SELECT regions FROM cdn.residency
        WHERE organisation_id = %(id)s AND listing_id IN (%(listing)s, '')
        ORDER BY listing_id DESC LIMIT 1
        """,
        id=organisation_id,
        listing=listing_id,
    )
    return list(found or [])


async def slice_list(uow: UnitOfWork, sha256: str) -> SliceListRow | None:
    return await uow.one_or_none(
        SliceListRow,
        "SELECT root, digests FROM cdn.slice_lists WHERE sha256 = %(sha256)s",
        sha256=sha256,
    )


async def slices_root(uow: UnitOfWork, sha256: str) -> str | None:
    found = await uow.value(
        "SELECT root FROM cdn.slice_lists WHERE sha256 = %(sha256)s", sha256=sha256
    )
    return None if found is None else str(found)


async def keep_slice_list(uow: UnitOfWork, sha256: str, *, root: str, digests: bytes) -> None:
    await uow.execute(
        "INSERT INTO cdn.slice_lists VALUES (%(sha256)s, %(root)s, %(digests)s) "
        "ON CONFLICT DO NOTHING",
        sha256=sha256,
        root=root,
        digests=digests,
    )


async def add_usage(
    uow: UnitOfWork, node_id: str, *, number: int, lines: Sequence[UsageLine]
) -> None:
    """Writes a batch down, once (the node's row is held by the caller)."""
    await uow.execute(
        "UPDATE cdn.nodes SET usage_number = %(number)s WHERE id = %(id)s",
        number=number,
        id=node_id,
    )
    for line in lines:
        await uow.execute(
            """
            INSERT INTO cdn.usage AS u
            VALUES (to_timestamp(%(minute)s), %(node)s, %(organisation)s, %(requests)s, %(errors)s,
                    %(sent)s, %(hit)s, %(latency)s)
            ON CONFLICT (minute, node_id, organisation_id) DO UPDATE
            SET requests = u.requests + excluded.requests, errors = u.errors + excluded.errors,
                bytes_sent = u.bytes_sent + excluded.bytes_sent,
                hit_bytes = u.hit_bytes + excluded.hit_bytes,
                latency = ARRAY(
                    SELECT a + b FROM unnest(u.latency, excluded.latency) WITH ORDINALITY
                        AS both_of(a, b, at) ORDER BY at
                )
            """,
            minute=line.minute,
            node=node_id,
            organisation=line.organisation_id,
            requests=line.requests,
            errors=line.errors,
            sent=line.bytes_sent,
            hit=line.hit_bytes,
            latency=list(line.latency),
        )


async def traffic(
    uow: UnitOfWork, *, since: datetime, organisation_id: str | None
) -> list[TrafficRow]:
    """What each node served; of one organisation's, or of everybody's."""
    return await uow.all(
        TrafficRow,
        """
        SELECT u.node_id, min(n.region) AS region, sum(u.requests)::bigint AS requests,
               sum(u.errors)::bigint AS errors, sum(u.bytes_sent)::bigint AS bytes_sent,
               sum(u.hit_bytes)::bigint AS hit_bytes,
               ARRAY(
                   SELECT sum(l.answers)::bigint
                   FROM cdn.usage v, unnest(v.latency) WITH ORDINALITY AS l(answers, at)
                   WHERE v.node_id = u.node_id AND v.minute >= %(since)s
                     AND (%(organisation)s::text IS NULL OR v.organisation_id = %(organisation)s)
                   GROUP BY l.at ORDER BY l.at
               ) AS latency
        FROM cdn.usage u LEFT JOIN cdn.nodes n ON n.id = u.node_id
        WHERE u.minute >= %(since)s
          AND (%(organisation)s::text IS NULL OR u.organisation_id = %(organisation)s)
        GROUP BY u.node_id ORDER BY u.node_id
        """,
        since=since,
        organisation=organisation_id,
    )


async def forget_usage(uow: UnitOfWork, *, before: datetime) -> None:
    await uow.execute("DELETE FROM cdn.usage WHERE minute < %(before)s", before=before)
