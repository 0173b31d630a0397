"""The SQL of saved searches and of what they matched."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.ids import UserId
from souk_client.contracts.saved_searches import SavedSearch, SearchFilters

_LOCK = 731_020


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A saved search as it is kept, with the count of what it matched."""

    id: str
    name: str
    query: str
    filters: str
    paused: bool
    created_at: datetime
    matches: int
    last_match_at: datetime | None

    def answer(self) -> SavedSearch:
        """As its owner sees it."""
        return SavedSearch(
            id=self.id,
            name=self.name,
            query=self.query,
            filters=msgspec.json.decode(self.filters, type=SearchFilters),
            paused=self.paused,
            matches=self.matches,
            last_match_at=self.last_match_at,
            created_at=self.created_at,
        )


class NewSavedSearch(msgspec.Struct, frozen=True, kw_only=True):
    """A saved search to be written."""

    id: str
    user_id: UserId
    name: str
    query: str
    strict_query: str
    filters: str
    question: bytes
    kinds: list[str]
    owners: list[str]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A search that one or many users keep."""

    question: bytes
    strict_query: str
    filters: str
    kinds: list[str]
    owners: list[str]


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody is to be told of a listing."""

    saved_search_id: str
    user_id: UserId
    name: str
    listing_id: str


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A changed listing that nobody was told of yet."""

    listing_id: str
    change: int
    noted_at: datetime


async def lock_user(uow: UnitOfWork, user_id: UserId) -> None:
    """One at a time saves a search of this user, so that the limit holds."""
    await uow.execute(
        "SELECT pg_advisory_xact_lock(%(lock)s, hashtext(%(user_id)s))", lock=_LOCK, user_id=user_id
    )


async def count(uow: UnitOfWork, user_id: UserId) -> int:
    found = await uow.value(
        "SELECT count(*) FROM alerts.saved_searches WHERE user_id = %(user_id)s", user_id=user_id
    )
    return int(found)


async def named_like(uow: UnitOfWork, user_id: UserId, question: bytes) -> str | None:
    """The name under which the user keeps this very search."""
    name: str | None = await uow.value(
        """
        SELECT name FROM alerts.saved_searches
        WHERE user_id = %(user_id)s AND question = %(question)s
        """,
        user_id=user_id,
        question=question,
    )
    return name


async def insert(uow: UnitOfWork, new: NewSavedSearch) -> None:
    await uow.execute(
        """
        INSERT INTO alerts.saved_searches
            (id, user_id, name, query, strict_query, filters, question, kinds, owners,
             created_at)
        VALUES (%(id)s, %(user_id)s, %(name)s, %(query)s, %(strict_query)s, %(filters)s::jsonb,
                %(question)s, %(kinds)s, %(owners)s, %(now)s)
        """,
        **msgspec.structs.asdict(new),
        now=uow.now,
    )


async def of_user(
    uow: UnitOfWork, user_id: UserId, *, saved_search_id: str | None = None
) -> list[Row]:
    """The user's saved searches (or one of them), newest first."""
    return await uow.all(
        Row,
        """
        SELECT s.id, s.name, s.query, s.filters::text AS filters, s.paused, s.created_at,
               m.matches, m.last_match_at
        FROM alerts.saved_searches s
        CROSS JOIN LATERAL (
            SELECT count(*) AS matches, max(matched_at) AS last_match_at
            FROM alerts.matches WHERE saved_search_id = s.id
        ) AS m
        WHERE s.user_id = %(user_id)s AND (%(id)s::text IS NULL OR s.id = %(id)s)
        ORDER BY s.id DESC
        """,
        user_id=user_id,
        id=saved_search_id,
    )


async def update(
    uow: UnitOfWork, user_id: UserId, saved_search_id: str, *, name: str | None, paused: bool | None
) -> bool:
    """Whether there was one to change."""
    return bool(
        await uow.execute(
            """
            UPDATE alerts.saved_searches
            SET name = coalesce(%(name)s, name), paused = coalesce(%(paused)s, paused)
            WHERE id = %(id)s AND user_id = %(user_id)s
            """,
            id=saved_search_id,
            user_id=user_id,
            name=name,
            paused=paused,
        )
    )


async def delete(uow: UnitOfWork, user_id: UserId, saved_search_id: str) -> bool:
    """Whether there was one to delete."""
    return bool(
        await uow.execute(
            "DELETE FROM alerts.saved_searches WHERE id = %(id)s AND user_id = %(user_id)s",
            id=saved_search_id,
            user_id=user_id,
        )
    )


async def note_changes(uow: UnitOfWork, listing_ids: Collection[str]) -> None:
    """Listings that saved searches are to be held against."""
    await uow.execute(
        """
        INSERT INTO alerts.waiting AS w (listing_id, noted_at, due_at)
        SELECT id, %(now)s, %(now)s FROM unnest(%(ids)s::text[]) AS id
        ON CONFLICT (listing_id) DO UPDATE
        SET change = w.change + 1, noted_at = %(now)s, due_at = %(now)s
        """,
        ids=sorted(set(listing_ids)),
        now=uow.now,
    )


async def take_waiting(uow: UnitOfWork, *, limit: int, until: datetime) -> list[Waiting]:
    """Listings that are due; nobody else takes them until then."""
    return await uow.all(
        Waiting,
        """
        UPDATE alerts.waiting SET due_at = %(until)s
        WHERE listing_id IN (
            SELECT listing_id FROM alerts.waiting WHERE due_at <= %(now)s
            ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        )
        RETURNING listing_id, change, noted_at
        """,
        now=uow.now,
        until=until,
        limit=limit,
    )


async def put_off(uow: UnitOfWork, waiting: Sequence[Waiting], *, until: datetime) -> None:
    """They are due again then; what changed meanwhile keeps its own time."""
    await uow.execute(
        """
        UPDATE alerts.waiting w SET due_at = %(until)s
        FROM unnest(%(ids)s::text[], %(changes)s::bigint[]) AS seen(id, change)
        WHERE w.listing_id = seen.id AND w.change = seen.change
        """,
        until=until,
        ids=[one.listing_id for one in waiting],
        changes=[one.change for one in waiting],
    )


async def finish(uow: UnitOfWork, waiting: Sequence[Waiting]) -> None:
    """They wait no more; one that changed meanwhile stays."""
    await uow.execute(
        """
        DELETE FROM alerts.waiting w
        USING unnest(%(ids)s::text[], %(changes)s::bigint[]) AS seen(id, change)
        WHERE w.listing_id = seen.id AND w.change = seen.change
        """,
        ids=[one.listing_id for one in waiting],
        changes=[one.change for one in waiting],
    )


async def questions_after(
    uow: UnitOfWork,
    question: bytes,
    *,
    kinds: Collection[str],
    owners: Collection[str],
    limit: int,
) -> list[Question]:
    """Different searches past this one, in order, that works of these kinds and sellers may match.
    Many users keep the same; it is read once."""
    return await uow.all(
        Question,
        """
        SELECT DISTINCT ON (question)
               question, strict_query, filters::text AS filters, kinds, owners
        FROM alerts.saved_searches
        WHERE NOT paused AND question > %(question)s
          AND (kinds = '{}' OR kinds && %(kinds)s::text[])
          AND (owners = '{}' OR owners && %(owners)s::text[])
        ORDER BY question LIMIT %(limit)s
        """,
        question=question,
        kinds=sorted(kinds),
        owners=sorted(owners),
        limit=limit,
    )


async def add_matches(
    uow: UnitOfWork,
    found: Collection[tuple[bytes, str]],
    *,
    own: Collection[tuple[str, str]],
) -> list[Match]:
    """Who is to be told, of pairs of a question and a listing: every user who keeps the question
    and was not told of the listing before.

    Args:
        own: pairs of a listing and a user who sells it: nobody is told of their own works.
    """
    return await uow.all(
        Match,
        """
        WITH added AS (
            INSERT INTO alerts.matches (saved_search_id, listing_id, user_id, matched_at)
            SELECT s.id, f.listing_id, s.user_id, %(now)s
            FROM unnest(%(questions)s::bytea[], %(listings)s::text[]) AS f(question, listing_id)
            JOIN alerts.saved_searches s ON s.question = f.question AND NOT s.paused
            WHERE NOT EXISTS (
                SELECT FROM unnest(%(own_listings)s::text[], %(own_users)s::text[]) AS o(id, who)
                WHERE o.id = f.listing_id AND o.who = s.user_id
            )
            ON CONFLICT DO NOTHING
            RETURNING saved_search_id, listing_id
        )
        SELECT s.id AS saved_search_id, s.user_id, s.name, a.listing_id
        FROM added a JOIN alerts.saved_searches s ON s.id = a.saved_search_id
        ORDER BY s.id, a.listing_id
        """,
        questions=[question for question, _ in found],
        listings=[listing_id for _, listing_id in found],
        own_listings=[listing_id for listing_id, _ in own],
        own_users=[user_id for _, user_id in own],
        now=uow.now,
    )
