"""The provenance log's SQL for appending and reading; the sequencer's is in sequencer_store.py."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork, json_value


class NewRow(msgspec.Struct, frozen=True, kw_only=True):
    """An entry ready to be written."""

    id: str
    leaf: str
    organisation_ids: tuple[str, ...]
    hashes: tuple[str, ...]


class EntryRow(msgspec.Struct, frozen=True, kw_only=True):
    """An entry, with its place when it has one."""

    id: str
    kind: str
    leaf: str
    leaf_hash: bytes
    leaf_index: int | None
    created_at: datetime


class HeadRow(msgspec.Struct, frozen=True, kw_only=True):
    """A signed head."""

    tree_size: int
    root: bytes
    signed_at: datetime
    checkpoint: str


class ProofRow(EntryRow, frozen=True, kw_only=True):
    """An entry, the newest head, and every tree node that the entry's proof may need."""

    tree_size: int | None
    root: bytes | None
    signed_at: datetime | None
    checkpoint: str | None
    levels: list[int]
    places: list[int]
    hashes: list[bytes]


class NodeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A perfect node of the tree; level 0 is a leaf."""

    level: int
    place: int
    hash: bytes


_ENTRY = "e.id, e.kind, e.leaf, e.leaf_hash, l.leaf_index, e.created_at"
_FROM = "provenance.entries e LEFT JOIN provenance.leaves l ON l.entry_id = e.id"


async def add_entries(uow: UnitOfWork, rows: Sequence[NewRow]) -> None:
    """Appends entries, what they are found by, and their place in the sequencer's queue.

    Rows travel as JSON: it is encoded several times faster than arrays of the database are.
    """
    await uow.execute(
        """
        WITH added AS (
            INSERT INTO provenance.entries (leaf, created_at)
            SELECT leaf, %(now)s FROM jsonb_array_elements_text(%(leaves)s) AS new(leaf)
            RETURNING id, leaf_hash
        ), hashed AS (
            INSERT INTO provenance.file_hashes (sha256, entry_id)
            SELECT new ->> 0, new ->> 1 FROM jsonb_array_elements(%(hashes)s) AS new
        ), owned AS (
            INSERT INTO provenance.parties (organisation_id, entry_id)
            SELECT new ->> 0, new ->> 1 FROM jsonb_array_elements(%(parties)s) AS new
        )
        INSERT INTO provenance.waiting (entry_id, leaf_hash)
        SELECT id, leaf_hash FROM added ORDER BY id
        """,
        now=uow.now,
        leaves=json_value([row.leaf for row in rows]),
        hashes=json_value([(digest, row.id) for row in rows for digest in row.hashes]),
        parties=json_value([(party, row.id) for row in rows for party in row.organisation_ids]),
    )


async def count_noted(uow: UnitOfWork, organisation_id: str, *, day: date, count: int) -> int:
    """Counts events that an organisation tells on a day; how many these are by now."""
    return int(
        await uow.value(
            """
            INSERT INTO provenance.noted_days (organisation_id, day, events)
            VALUES (%(organisation_id)s, %(day)s, %(count)s)
            ON CONFLICT (organisation_id, day)
                DO UPDATE SET events = noted_days.events + excluded.events
            RETURNING events
            """,
            organisation_id=organisation_id,
            day=day,
            count=count,
        )
    )


async def entry(uow: UnitOfWork, entry_id: str) -> EntryRow | None:
    """One entry."""
    return await uow.one_or_none(
        EntryRow, f"SELECT {_ENTRY} FROM {_FROM} WHERE e.id = %(id)s", id=entry_id
    )


async def entries(
    uow: UnitOfWork,
    *,
    kind: str | None,
    listing_id: str | None,
    organisation_id: str | None,
    before: str | None,
    limit: int,
) -> list[EntryRow]:
    """Entries with an id before this one, newest first."""
    wanted = {
        "e.kind = %(kind)s": kind,
        "e.listing_id = %(listing_id)s": listing_id,
        "e.id < %(before)s": before,
        "EXISTS (SELECT 1 FROM provenance.parties p WHERE p.entry_id = e.id "
        "AND p.organisation_id = %(organisation_id)s)": organisation_id,
    }
    clauses = [sql for sql, value in wanted.items() if value is not None] or ["true"]
    return await uow.all(
        EntryRow,
        f"""
        SELECT {_ENTRY} FROM {_FROM} WHERE {" AND ".join(clauses)}
        ORDER BY e.id DESC LIMIT %(limit)s
        """,
        kind=kind,
        listing_id=listing_id,
        organisation_id=organisation_id,
        before=before,
        limit=limit,
    )


async def first_publication(uow: UnitOfWork, sha256: str) -> EntryRow | None:
    """The oldest entry that made this file public."""
    return await uow.one_or_none(
        EntryRow,
        f"""
        SELECT {_ENTRY} FROM {_FROM}
        WHERE e.id = (
            SELECT h.entry_id FROM provenance.file_hashes h WHERE h.sha256 = %(sha256)s
            ORDER BY h.entry_id LIMIT 1
        )
        """,
        sha256=sha256,
    )


async def publications(uow: UnitOfWork, sha256: str, *, limit: int) -> list[EntryRow]:
    """The oldest entries that made this file public, in the order of their creation."""
    return await uow.all(
        EntryRow,
        f"""
        SELECT {_ENTRY} FROM {_FROM}
        WHERE e.id IN (
            SELECT h.entry_id FROM provenance.file_hashes h WHERE h.sha256 = %(sha256)s
            ORDER BY h.entry_id LIMIT %(limit)s
        )
        ORDER BY e.id
        """,
        sha256=sha256,
        limit=limit,
    )


async def entries_of_hash(uow: UnitOfWork, sha256: str, *, limit: int) -> list[EntryRow]:
    """The latest entries about any published content that has this file, oldest first."""
    newest = await uow.all(
        EntryRow,
        f"""
        SELECT {_ENTRY} FROM {_FROM}
        WHERE e.id IN (
            SELECT about.id
            FROM (
                SELECT DISTINCT made.content_sha256, made.listing_id
                FROM provenance.file_hashes h JOIN provenance.entries made ON made.id = h.entry_id
                WHERE h.sha256 = %(sha256)s LIMIT %(limit)s
            ) AS held
            JOIN provenance.entries about USING (content_sha256, listing_id)
            UNION
            SELECT h.entry_id FROM provenance.file_hashes h WHERE h.sha256 = %(sha256)s
        )
        ORDER BY e.id DESC LIMIT %(limit)s
        """,
        sha256=sha256,
        limit=limit,
    )
    return _as_placed(newest)


async def timeline(uow: UnitOfWork, listing_id: str, *, limit: int) -> list[EntryRow]:
    """The latest entries of a listing, oldest first."""
    newest = await entries(
        uow, kind=None, listing_id=listing_id, organisation_id=None, before=None, limit=limit
    )
    return _as_placed(newest)


def _as_placed(rows: list[EntryRow]) -> list[EntryRow]:
    """Oldest first: by place; those that have none yet come last."""
    return sorted(rows, key=lambda row: (row.leaf_index is None, row.leaf_index or 0, row.id))


async def newest_head(uow: UnitOfWork) -> HeadRow | None:
    """The newest signed head; None before the first."""
    return await uow.one_or_none(
        HeadRow,
        """
        SELECT tree_size, root, signed_at, checkpoint FROM provenance.heads
        ORDER BY tree_size DESC LIMIT 1
        """,
    )


async def head_of_size(uow: UnitOfWork, tree_size: int) -> HeadRow | None:
    """The head that was signed at this size, if one was."""
    return await uow.one_or_none(
        HeadRow,
        """
        SELECT tree_size, root, signed_at, checkpoint FROM provenance.heads
        WHERE tree_size = %(tree_size)s
        """,
        tree_size=tree_size,
    )


async def proof(uow: UnitOfWork, entry_id: str) -> ProofRow | None:
    """The entry, the newest head and the nodes between them, read at one moment.

    An audit path consists of the siblings of the leaf's ancestors, and on the right edge of peaks
    of the whole tree: at most two nodes a level, which are found without knowing the path.
    """
    return await uow.one_or_none(
        ProofRow,
        f"""
        WITH entry AS (
            SELECT {_ENTRY} FROM {_FROM} WHERE e.id = %(id)s
        ), head AS (
            SELECT tree_size, root, signed_at, checkpoint FROM provenance.heads
            ORDER BY tree_size DESC LIMIT 1
        ), level AS (
            SELECT level::smallint FROM generate_series(0, 62) AS level
        ), wanted AS (
            SELECT level, (leaf_index >> level) # 1 AS place
            FROM entry, head, level WHERE (1::bigint << level) <= tree_size
            UNION
            SELECT level, (tree_size >> level) - 1
            FROM head, level WHERE (tree_size >> level) & 1 = 1
        ), node AS MATERIALIZED (
            SELECT level, place, CASE level
                WHEN 0 THEN (SELECT hash FROM provenance.leaves WHERE leaf_index = place)
                ELSE (SELECT n.hash FROM provenance.nodes n
                      WHERE n.level = wanted.level AND n.place = wanted.place)
                END AS hash
            FROM wanted
        ), found AS (
            SELECT coalesce(array_agg(level ORDER BY level, place), '{{}}') AS levels,
                coalesce(array_agg(place ORDER BY level, place), '{{}}') AS places,
                coalesce(array_agg(hash ORDER BY level, place), '{{}}') AS hashes
            FROM node WHERE hash IS NOT NULL
        )
        SELECT entry.*, head.*, found.* FROM entry LEFT JOIN head ON true CROSS JOIN found
        """,
        id=entry_id,
    )


async def nodes(uow: UnitOfWork, wanted: Sequence[tuple[int, int]]) -> list[NodeRow]:
    """These nodes (level, place) of the tree."""
    return await uow.all(
        NodeRow,
        """
        SELECT w.level, w.place, coalesce(n.hash, l.hash) AS hash
        FROM unnest(%(levels)s::smallint[], %(places)s::bigint[]) AS w(level, place)
        LEFT JOIN provenance.nodes n ON n.level = w.level AND n.place = w.place
        LEFT JOIN provenance.leaves l ON w.level = 0 AND l.leaf_index = w.place
        WHERE coalesce(n.hash, l.hash) IS NOT NULL
        """,
        levels=[level for level, _ in wanted],
        places=[place for _, place in wanted],
    )


async def origin(uow: UnitOfWork) -> str | None:
    """The log's name; None until it is fixed."""
    found: str | None = await uow.value("SELECT origin FROM provenance.log")
    return found
