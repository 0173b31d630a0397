"""The SQL of figures: usage, prices, how nodes were by minute, availability. System scope."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from souk.delivery.cdn.figures_model import UsageRow
from souk.edge.protocol import LATENCY_MS
from souk.infra.postgres.uow import UnitOfWork
from souk_client.contracts.cdn_figures import CdnPrice, NodeMinute, ServedBucket

_LATENCY = ", ".join(f"sum(latency[{at}])::bigint" for at in range(1, len(LATENCY_MS) + 2))
_OF = "(%(organisation)s::text IS NULL OR organisation_id = %(organisation)s)"
_AT = "(%(node)s::text IS NULL OR node_id = %(node)s)"


class PriceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A price."""

    region: str
    currency: str
    egress_micros_per_gb: int
    hour_micros: int


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """How a node was when home looked."""

    node_id: str
    region: str
    expected: bool
    heard: bool
    answered: bool
    load: float
    downloads: int


class AvailabilityRow(msgspec.Struct, frozen=True, kw_only=True):
    """Minutes of one node or region."""

    kind: str
    subject: str
    region: str
    expected: int
    good: int


class HourRow(msgspec.Struct, frozen=True, kw_only=True):
    """An hour of a region, or of all."""

    hour: datetime
    value: float


async def usage(
    uow: UnitOfWork,
    *,
    since: datetime,
    organisation_id: str | None = None,
    node_id: str | None = None,
) -> list[UsageRow]:
    """What was served since then, by node and seller."""
    return await uow.all(
        UsageRow,
        f"""
        SELECT u.node_id, coalesce(min(n.region), '') AS region, u.organisation_id,
               sum(u.requests)::bigint AS requests, sum(u.errors)::bigint AS errors,
               sum(u.bytes_sent)::bigint AS bytes_sent, sum(u.hit_bytes)::bigint AS hit_bytes,
               ARRAY[{_LATENCY}] AS latency
        FROM cdn.usage u LEFT JOIN cdn.nodes n ON n.id = u.node_id
        WHERE u.minute >= %(since)s AND {_OF} AND {_AT}
        GROUP BY u.node_id, u.organisation_id
        """,
        since=since,
        organisation=organisation_id,
        node=node_id,
    )


async def series(
    uow: UnitOfWork,
    *,
    since: datetime,
    bucket_s: int,
    organisation_id: str | None = None,
    node_id: str | None = None,
) -> list[ServedBucket]:
    """The same by time."""
    return await uow.all(
        ServedBucket,
        f"""
        SELECT date_bin(make_interval(secs => %(bucket)s), minute, 'epoch'::timestamptz) AS at,
               sum(requests)::bigint AS requests, sum(errors)::bigint AS errors,
               sum(bytes_sent)::bigint AS bytes_sent, sum(hit_bytes)::bigint AS hit_bytes
        FROM cdn.usage WHERE minute >= %(since)s AND {_OF} AND {_AT}
        GROUP BY 1 ORDER BY 1
        """,
        since=since,
        bucket=bucket_s,
        organisation=organisation_id,
        node=node_id,
    )


async def prices(uow: UnitOfWork) -> list[PriceRow]:
    return await uow.all(
        PriceRow,
        "SELECT region, currency, egress_micros_per_gb, hour_micros FROM cdn.prices "
        "ORDER BY region",
    )


async def set_prices(
    uow: UnitOfWork, wanted: Sequence[CdnPrice], *, currency: str, by: str
) -> None:
    await uow.execute("DELETE FROM cdn.prices")
    for one in wanted:
        await uow.execute(
            "INSERT INTO cdn.prices VALUES (%(region)s, %(currency)s, %(egress)s, %(hour)s, "
            "%(by)s, %(now)s)",
            region=one.region,
            currency=currency,
            egress=one.egress_micros_per_gb,
            hour=one.hour_micros,
            by=by,
            now=uow.now,
        )


async def add_samples(uow: UnitOfWork, samples: Sequence[Sample]) -> None:
    """Adds to this minute."""
    for one in samples:
        await uow.execute(
            """
            INSERT INTO cdn.node_minutes AS m (minute, node_id, region, expected, beats, probes,
                                               probes_good, load, downloads)
            VALUES (date_trunc('minute', %(now)s::timestamptz), %(node)s, %(region)s, %(expected)s,
                    %(heard)s, 1, %(good)s, %(load)s, %(downloads)s)
            ON CONFLICT (minute, node_id) DO UPDATE
            SET expected = m.expected AND excluded.expected, beats = m.beats + excluded.beats,
                probes = m.probes + 1, probes_good = m.probes_good + excluded.probes_good,
                load = greatest(m.load, excluded.load),
                downloads = greatest(m.downloads, excluded.downloads)
            """,
            now=uow.now,
            node=one.node_id,
            region=one.region,
            expected=one.expected,
            heard=int(one.heard),
            good=int(one.heard and one.answered),
            load=one.load,
            downloads=one.downloads,
        )


async def judge(uow: UnitOfWork) -> None:
    """Adds every minute that is over to its day: a node's, and its region's."""
    await uow.execute(
        """
        WITH over AS (
            UPDATE cdn.node_minutes SET judged = true
            WHERE NOT judged AND minute < date_trunc('minute', %(now)s::timestamptz)
            RETURNING minute, node_id, region, expected, 2 * probes_good >= probes AS good
        ), facts AS (
            SELECT (minute AT TIME ZONE 'UTC')::date AS day, 'node' AS kind, node_id AS subject,
                   region, expected, good
            FROM over
            UNION ALL
            SELECT (minute AT TIME ZONE 'UTC')::date, 'region', region, region, true, bool_or(good)
            FROM over GROUP BY minute, region
        )
        INSERT INTO cdn.availability AS a
        SELECT day, kind, subject, min(region), count(*) FILTER (WHERE expected),
               count(*) FILTER (WHERE expected AND good)
        FROM facts GROUP BY day, kind, subject
        ON CONFLICT (day, kind, subject) DO UPDATE
        SET expected = a.expected + excluded.expected, good = a.good + excluded.good
        """,
        now=uow.now,
    )


async def availability(uow: UnitOfWork, *, first: date, until: date) -> list[AvailabilityRow]:
    """Summed over these days, `until` not included."""
    return await uow.all(
        AvailabilityRow,
        """
        SELECT kind, subject, min(region) AS region, sum(expected)::bigint AS expected,
               sum(good)::bigint AS good
        FROM cdn.availability WHERE day >= %(first)s AND day < %(until)s
        GROUP BY kind, subject ORDER BY kind DESC, region, subject
        """,
        first=first,
        until=until,
    )


async def minutes_run(uow: UnitOfWork, *, since: datetime) -> dict[tuple[str, str], int]:
    """How many minutes each node was there, by region and node."""
    found = await uow.dicts(
        "SELECT region, node_id, count(*) AS minutes FROM cdn.node_minutes "
        "WHERE minute >= %(since)s AND (beats > 0 OR probes_good > 0) GROUP BY region, node_id",
        since=since,
    )
    return {(row["region"], row["node_id"]): int(row["minutes"]) for row in found}


async def node_minutes(uow: UnitOfWork, node_id: str, *, since: datetime) -> list[NodeMinute]:
    return await uow.all(
        NodeMinute,
        "SELECT minute AS at, load, downloads, probes, probes_good FROM cdn.node_minutes "
        "WHERE node_id = %(node)s AND minute >= %(since)s ORDER BY minute",
        node=node_id,
        since=since,
    )


async def bytes_by_hour(uow: UnitOfWork, *, since: datetime, region: str) -> list[HourRow]:
    """Whole hours that are over."""
    return await uow.all(
        HourRow,
        """
        SELECT date_trunc('hour', u.minute) AS hour, sum(u.bytes_sent)::double precision AS value
        FROM cdn.usage u LEFT JOIN cdn.nodes n ON n.id = u.node_id
        WHERE u.minute >= %(since)s AND u.minute < date_trunc('hour', %(now)s::timestamptz)
          AND (%(region)s = '' OR n.region = %(region)s)
        GROUP BY 1 ORDER BY 1
        """,
        since=since,
        now=uow.now,
        region=region,
    )


async def load_by_hour(uow: UnitOfWork, *, since: datetime, region: str) -> list[HourRow]:
    """The highest minute of each whole hour, of all nodes together."""
    return await uow.all(
        HourRow,
        """
        SELECT date_trunc('hour', minute) AS hour, max(load) AS value
        FROM (
            SELECT minute, sum(load) AS load FROM cdn.node_minutes
            WHERE minute >= %(since)s AND minute < date_trunc('hour', %(now)s::timestamptz)
              AND (%(region)s = '' OR region = %(region)s)
            GROUP BY minute
        ) AS minutes
        GROUP BY 1 ORDER BY 1
        """,
        since=since,
        now=uow.now,
        region=region,
    )


async def forget(uow: UnitOfWork, *, minutes_before: datetime, days_before: date) -> None:
    await uow.execute(
        "DELETE FROM cdn.node_minutes WHERE minute < %(before)s", before=minutes_before
    )
    await uow.execute("DELETE FROM cdn.availability WHERE day < %(before)s", before=days_before)
