"""The SQL of facts: writing them, reading them back, deleting them in time."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork

NEWS = "souk_facts"
"""The NOTIFY channel on which the roll-up hears of facts."""
_WRITERS_LOCK = 731_014
"""Held by whoever writes facts, so that `seq` is in the order of commits."""
_CHUNK = 20_000
_CHUNKS = 25
"""Facts deleted in one statement, and statements in one turn."""


class NewFact(msgspec.Struct, frozen=True, kw_only=True):
    """A fact on its way into the database. A repeated id is written once."""

    id: str
    kind: str
    listing_id: str
    organisation_id: str
    at: datetime
    visitor: str
    user_id: str | None = None
    country: str
    source: str
    query: str = ""
    order_id: str | None = None
    currency: str | None = None
    gross_minor: int = 0
    net_minor: int = 0


class NewSearch(msgspec.Struct, frozen=True, kw_only=True):
    """A search on its way into the database."""

    id: str
    at: datetime
    visitor: str
    query: str
    result_count: int


class KnownListing(msgspec.Struct, frozen=True, kw_only=True):
    """Whose a listing is and where it stands."""

    listing_id: str
    organisation_id: str
    kind: str
    category: str
    published: bool


class OrderOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a sale came from."""

    order_id: str
    listing_id: str
    country: str
    source: str
    currency: str
    net_minor: int


class Footprint(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody came to a listing."""

    country: str
    source: str
    query: str


class _LastVisit(Footprint, frozen=True, kw_only=True):
    user_id: str
    listing_id: str


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """Whose footprint at which listing is looked for, and how old it may be."""

    user_id: str
    listing_id: str
    since: datetime


async def salt_of(uow: UnitOfWork, day: date, *, fresh: bytes) -> bytes:
    """The day's salt; `fresh` becomes it when there is none yet."""
    await uow.execute(
        "INSERT INTO analytics.salts (day, salt) VALUES (%(day)s, %(salt)s) ON CONFLICT DO NOTHING",
        day=day,
        salt=fresh,
    )
    found = await uow.value("SELECT salt FROM analytics.salts WHERE day = %(day)s", day=day)
    return bytes(found)


async def destroy_salts(uow: UnitOfWork, *, before: date) -> None:
    await uow.execute("DELETE FROM analytics.salts WHERE day < %(before)s", before=before)


async def known_listings(uow: UnitOfWork, listing_ids: Collection[str]) -> dict[str, KnownListing]:
    rows = await uow.all(
        KnownListing,
        """
        SELECT listing_id, organisation_id, kind, category, published
        FROM analytics.listings WHERE listing_id = ANY(%(ids)s)
        """,
        ids=list(listing_ids),
    )
    return {row.listing_id: row for row in rows}


async def note_listings(uow: UnitOfWork, listings: Sequence[KnownListing]) -> None:
    await uow.execute(
        """
        INSERT INTO analytics.listings AS l (listing_id, organisation_id, kind, category, published)
        SELECT * FROM unnest(%(ids)s::text[], %(organisations)s::text[], %(kinds)s::text[],
                             %(categories)s::text[], %(published)s::boolean[])
        ON CONFLICT (listing_id) DO UPDATE SET kind = excluded.kind,
            category = excluded.category, published = excluded.published
        """,
        ids=[listing.listing_id for listing in listings],
        organisations=[listing.organisation_id for listing in listings],
        kinds=[listing.kind for listing in listings],
        categories=[listing.category for listing in listings],
        published=[listing.published for listing in listings],
    )


async def add_facts(uow: UnitOfWork, facts: Sequence[NewFact]) -> int:
    """Writes facts and marks their hours for the roll-up; answers how many were new.

    Facts of a time whose facts were deleted already are left out: their sums are final.
    """
    if not facts:
        return 0
    await uow.execute("SELECT pg_advisory_xact_lock(%(lock)s)", lock=_WRITERS_LOCK)
    names = [field.name for field in msgspec.structs.fields(NewFact)]
    added = await uow.value(
        f"""
        WITH given AS (
            SELECT * FROM unnest(
                %(id)s::text[], %(kind)s::text[], %(listing_id)s::text[],
                %(organisation_id)s::text[], %(at)s::timestamptz[], %(visitor)s::text[],
                %(user_id)s::text[], %(country)s::text[], %(source)s::text[], %(query)s::text[],
                %(order_id)s::text[], %(currency)s::text[], %(gross_minor)s::bigint[],
                %(net_minor)s::bigint[]) AS g({", ".join(names)})
        ), added AS (
            INSERT INTO analytics.facts ({", ".join(names)})
            SELECT g.* FROM given g
            WHERE g.at >= (SELECT deleted_before FROM analytics.horizon)
            ON CONFLICT (id) DO NOTHING
            RETURNING listing_id, organisation_id, at
        ), marked AS (
            INSERT INTO analytics.stale_hours (listing_id, organisation_id, hour)
            SELECT DISTINCT listing_id, organisation_id, date_trunc('hour', at, 'UTC') FROM added
        )
        SELECT count(*) FROM added
        """,
        **{name: [getattr(fact, name) for fact in facts] for name in names},
    )
    if added:
        await uow.execute("SELECT pg_notify(%(channel)s, '')", channel=NEWS)
    return int(added)


async def add_searches(uow: UnitOfWork, searches: Sequence[NewSearch]) -> None:
    if not searches:
        return
    await uow.execute(
        """
        INSERT INTO analytics.searches (id, at, visitor, query, result_count)
        SELECT * FROM unnest(%(ids)s::text[], %(ats)s::timestamptz[], %(visitors)s::text[],
                             %(queries)s::text[], %(counts)s::bigint[])
        ON CONFLICT DO NOTHING
        """,
        ids=[search.id for search in searches],
        ats=[search.at for search in searches],
        visitors=[search.visitor for search in searches],
        queries=[search.query for search in searches],
        counts=[search.result_count for search in searches],
    )


async def latest_footprints(
    uow: UnitOfWork, visits: Sequence[Visit]
) -> dict[tuple[str, str], Footprint]:
    """How these users last came to these listings' pages, by user and listing."""
    rows = await uow.all(
        _LastVisit,
        """
        SELECT v.user_id, v.listing_id, f.country, f.source, f.query
        FROM unnest(%(users)s::text[], %(listings)s::text[], %(sinces)s::timestamptz[])
            AS v(user_id, listing_id, since)
        CROSS JOIN LATERAL (
            SELECT country, source, query FROM analytics.facts
            WHERE user_id = v.user_id AND listing_id = v.listing_id AND kind = 'view'
              AND at >= v.since
            ORDER BY at DESC LIMIT 1
        ) f
        """,
        users=[visit.user_id for visit in visits],
        listings=[visit.listing_id for visit in visits],
        sinces=[visit.since for visit in visits],
    )
    return {(row.user_id, row.listing_id): row for row in rows}


async def note_origins(uow: UnitOfWork, origins: Sequence[OrderOrigin]) -> None:
    await uow.execute(
        """
        INSERT INTO analytics.order_origins
            (order_id, listing_id, country, source, currency, net_minor)
        SELECT * FROM unnest(%(orders)s::text[], %(listings)s::text[], %(countries)s::text[],
            %(sources)s::text[], %(currencies)s::text[], %(nets)s::bigint[])
        ON CONFLICT DO NOTHING
        """,
        orders=[origin.order_id for origin in origins],
        listings=[origin.listing_id for origin in origins],
        countries=[origin.country for origin in origins],
        sources=[origin.source for origin in origins],
        currencies=[origin.currency for origin in origins],
        nets=[origin.net_minor for origin in origins],
    )


async def origins_of(uow: UnitOfWork, order_ids: Sequence[str]) -> dict[str, OrderOrigin]:
    """Where these orders came from, by their ids."""
    rows = await uow.all(
        OrderOrigin,
        """
        SELECT order_id, listing_id, country, source, currency, net_minor
        FROM analytics.order_origins WHERE order_id = ANY(%(ids)s)
        """,
        ids=order_ids,
    )
    return {row.order_id: row for row in rows}


async def forget_user(uow: UnitOfWork, user_id: str) -> int:
    """Takes a user's id off every fact."""
    return await uow.execute(
        "UPDATE analytics.facts SET user_id = NULL WHERE user_id = %(id)s", id=user_id
    )


async def delete_before(uow: UnitOfWork, moment: datetime) -> int:
    """Deletes single facts and search words of before this moment; their sums become final.

    What they add up to has to be rolled up before, with writers kept out: see `keep_writers_out`.
    """
    await uow.execute(
        "UPDATE analytics.horizon SET deleted_before = greatest(deleted_before, %(moment)s)",
        moment=moment,
    )
    deleted = await _delete_some(uow, "facts", moment)
    await _delete_some(uow, "searches", moment)
    await uow.execute(
        "DELETE FROM analytics.origins WHERE dimension = 'query' AND day < %(day)s",
        day=moment.date(),
    )
    return deleted


async def _delete_some(uow: UnitOfWork, table: str, moment: datetime) -> int:
    """Deletes in small statements, up to a limit: the next turn takes the rest."""
    deleted = 0
    for _ in range(_CHUNKS):
        taken = await uow.execute(
            f"""
            DELETE FROM analytics.{table} WHERE id IN (
                SELECT id FROM analytics.{table} WHERE at < %(moment)s LIMIT %(limit)s
            )
            """,
            moment=moment,
            limit=_CHUNK,
        )
        deleted += taken
        if taken < _CHUNK:
            break
    return deleted


async def any_before(uow: UnitOfWork, moment: datetime) -> bool:
    """Whether there is anything to delete."""
    found = await uow.value(
        """
        SELECT EXISTS (SELECT 1 FROM analytics.facts WHERE at < %(moment)s)
            OR EXISTS (SELECT 1 FROM analytics.searches WHERE at < %(moment)s)
        """,
        moment=moment,
    )
    return bool(found)


async def keep_writers_out(uow: UnitOfWork) -> None:
    """Until this transaction ends no facts are written."""
    await uow.execute("SELECT pg_advisory_xact_lock(%(lock)s)", lock=_WRITERS_LOCK)


class InteractionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A fact as a recommender reads it."""

    seq: int
    person: str
    listing_id: str
    kind: str
    at: datetime


async def interactions(uow: UnitOfWork, *, after: int, limit: int) -> list[InteractionRow]:
    """In the order of commits; refunds, and what organisations did without a person, are none."""
    return await uow.all(
        InteractionRow,
        """
        SELECT seq, coalesce(user_id, visitor) AS person, listing_id, kind, at
        FROM analytics.facts
        WHERE seq > %(after)s AND kind <> 'refund'
          AND (user_id IS NOT NULL OR starts_with(visitor, 'vis_'))
        ORDER BY seq LIMIT %(limit)s
        """,
        after=after,
        limit=limit,
    )


class SearchCount(msgspec.Struct, frozen=True, kw_only=True):
    """How often something was searched for."""

    query: str
    searches: int
    visitors: int
    without_result: int


async def top_searches(uow: UnitOfWork, *, since: datetime, limit: int) -> list[SearchCount]:
    """By how many different visitors searched for it."""
    return await uow.all(
        SearchCount,
        """
        SELECT query, count(*) AS searches, count(DISTINCT visitor) AS visitors,
               count(*) FILTER (WHERE result_count = 0) AS without_result
        FROM analytics.searches WHERE at >= %(since)s AND query <> ''
        GROUP BY query ORDER BY visitors DESC, searches DESC, query LIMIT %(limit)s
        """,
        since=since,
        limit=limit,
    )
