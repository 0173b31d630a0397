"""The SQL of search: what the index is built from. Every function needs the system's scope."""

from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from souk.discovery.search.documents import NewDocument
from souk.infra.postgres.uow import UnitOfWork

CHANNEL: Final = "souk_search"
"""Notified when documents have changed."""
_LOCK: Final = 731_007


class KeptDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A row: `body` is None when the listing is to be found no more."""

    listing_id: str
    seq: int
    change: int
    body: bytes | None
    vector: bytes | None


class Unembedded(msgspec.Struct, frozen=True, kw_only=True):
    """A document that still lacks its vector."""

    listing_id: str
    body: bytes
    text_hash: bytes


async def put(uow: UnitOfWork, documents: Sequence[NewDocument]) -> int:
    """Keeps these documents; answers how many of them are new or different.

    A vector stays as long as the text it stands for is the same.
    """
    await take_turn(uow)
    values = {
        "ids": [document.listing_id for document in documents],
        "bodies": [document.body for document in documents],
        "hashes": [document.text_hash for document in documents],
    }
    # Two statements and no upsert: a conflict would use up a listing number each time.
    changed = await uow.execute(
        """
        UPDATE discovery.search_documents d
        SET change = nextval('discovery.search_changes'), body = g.body, text_hash = g.text_hash,
            vector = CASE WHEN d.text_hash = g.text_hash THEN d.vector END,
            model = CASE WHEN d.text_hash = g.text_hash THEN d.model END
        FROM unnest(%(ids)s::text[], %(bodies)s::bytea[], %(hashes)s::bytea[])
            AS g(listing_id, body, text_hash)
        WHERE d.listing_id = g.listing_id AND d.body IS DISTINCT FROM g.body
        """,
        **values,
    )
    added = await uow.execute(
        """
        INSERT INTO discovery.search_documents (listing_id, change, body, text_hash)
        SELECT g.listing_id, nextval('discovery.search_changes'), g.body, g.text_hash
        FROM unnest(%(ids)s::text[], %(bodies)s::bytea[], %(hashes)s::bytea[])
            AS g(listing_id, body, text_hash)
        WHERE NOT EXISTS (
            SELECT 1 FROM discovery.search_documents d WHERE d.listing_id = g.listing_id
        )
        """,
        **values,
    )
    return await _tell(uow, changed + added)


async def remove(uow: UnitOfWork, listing_ids: Sequence[str]) -> int:
    """These listings are to be found no more; answers how many of them were."""
    await take_turn(uow)
    count = await uow.execute(
        """
        UPDATE discovery.search_documents
        SET change = nextval('discovery.search_changes'),
            body = NULL, text_hash = NULL, vector = NULL, model = NULL
        WHERE listing_id = ANY(%(ids)s) AND body IS NOT NULL
        """,
        ids=list(listing_ids),
    )
    return await _tell(uow, count)


async def set_vectors(
    uow: UnitOfWork, documents: Sequence[Unembedded], vectors: Sequence[bytes], *, model: str
) -> None:
    """Adds vectors, except where the text has changed since it was read."""
    await take_turn(uow)
    count = await uow.execute(
        """
        UPDATE discovery.search_documents d
        SET change = nextval('discovery.search_changes'), vector = g.vector, model = %(model)s
        FROM unnest(%(ids)s::text[], %(hashes)s::bytea[], %(vectors)s::bytea[])
            AS g(listing_id, text_hash, vector)
        WHERE d.listing_id = g.listing_id AND d.text_hash = g.text_hash
        """,
        ids=[document.listing_id for document in documents],
        hashes=[document.text_hash for document in documents],
        vectors=list(vectors),
        model=model,
    )
    await _tell(uow, count)


async def without_vector(uow: UnitOfWork, *, limit: int) -> list[Unembedded]:
    """Documents that lack a vector, the latest change first: what is new is sought first."""
    return await uow.all(
        Unembedded,
        """
        SELECT listing_id, body, text_hash FROM discovery.search_documents
        WHERE body IS NOT NULL AND vector IS NULL
        ORDER BY change DESC LIMIT %(limit)s
        """,
        limit=limit,
    )


async def vectors_of(uow: UnitOfWork, listing_ids: Collection[str]) -> list[bytes]:
    """The vectors of those of these listings that have one and can be found."""
    return await uow.values(
        """
        SELECT vector FROM discovery.search_documents
        WHERE listing_id = ANY(%(ids)s) AND vector IS NOT NULL
        """,
        ids=list(listing_ids),
    )


async def drop_foreign_vectors(uow: UnitOfWork, *, model: str) -> int:
    """Forgets vectors that another model made."""
    await take_turn(uow)
    return await uow.execute(
        """
        UPDATE discovery.search_documents
        SET change = nextval('discovery.search_changes'), vector = NULL, model = NULL
        WHERE model <> %(model)s
        """,
        model=model,
    )


async def changed_after(uow: UnitOfWork, change: int, *, limit: int) -> list[KeptDocument]:
    """What has changed since, in order; also what is to be found no more."""
    return await uow.all(
        KeptDocument,
        """
        SELECT listing_id, seq, change, body, vector FROM discovery.search_documents
        WHERE change > %(change)s ORDER BY change LIMIT %(limit)s
        """,
        change=change,
        limit=limit,
    )


async def findable_after(uow: UnitOfWork, seq: int, *, limit: int) -> list[KeptDocument]:
    """Documents to be found, in the order of their numbers."""
    return await uow.all(
        KeptDocument,
        """
        SELECT listing_id, seq, change, body, vector FROM discovery.search_documents
        WHERE seq > %(seq)s AND body IS NOT NULL ORDER BY seq LIMIT %(limit)s
        """,
        seq=seq,
        limit=limit,
    )


async def with_numbers(uow: UnitOfWork, seqs: Sequence[int]) -> list[KeptDocument]:
    """The documents of these listing numbers."""
    return await uow.all(
        KeptDocument,
        """
        SELECT listing_id, seq, change, body, vector FROM discovery.search_documents
        WHERE seq = ANY(%(seqs)s)
        """,
        seqs=list(seqs),
    )


class _Change(msgspec.Struct, frozen=True, kw_only=True):
    seq: int
    change: int


async def findable_changes(uow: UnitOfWork) -> dict[int, int]:
    """Every document to be found: its number and its latest change."""
    rows = await uow.all(
        _Change, "SELECT seq, change FROM discovery.search_documents WHERE body IS NOT NULL"
    )
    return {row.seq: row.change for row in rows}


async def latest_change(uow: UnitOfWork) -> int:
    """The number of the latest change; 0 before the first."""
    found = await uow.value("SELECT max(change) FROM discovery.search_documents")
    return int(found or 0)


async def findable_ids(uow: UnitOfWork, *, after: str, until: str | None) -> list[str]:
    """Ids of listings to be found past `after`, up to and with `until` (None: to the end)."""
    return await uow.values(
        """
        SELECT listing_id FROM discovery.search_documents
        WHERE body IS NOT NULL AND listing_id > %(after)s
          AND (%(until)s::text IS NULL OR listing_id <= %(until)s)
        """,
        after=after,
        until=until,
    )


async def take_turn(uow: UnitOfWork) -> None:
    """One writer at a time, until its commit is seen: so changes become visible in their order.

    Whoever takes over listings takes the turn before reading them: what is older than what somebody
    else has written meanwhile is then never written.
    """
    await uow.execute("SELECT pg_advisory_xact_lock(%(lock)s)", lock=_LOCK)


async def _tell(uow: UnitOfWork, count: int) -> int:
    if count:
        await uow.execute("SELECT pg_notify(%(channel)s, '')", channel=CHANNEL)
    return count
