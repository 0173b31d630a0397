"""The SQL of recommendations: what people did, and which models were learnt from it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from souk.discovery.recommendations.model import Signal
from souk.infra.postgres.uow import UnitOfWork

CHANNEL: Final = "souk_recommendations"
"""Notified when a new model is on the shelf."""


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """What a person did with a listing, and when the last time."""

    person: str
    listing_id: str
    kind: Signal
    times: int = 1
    at: datetime


class ModelRow(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    people: int
    listings: int
    interactions: int
    took_s: float
    trained_at: datetime


async def note(uow: UnitOfWork, deeds: Sequence[Deed], *, once: bool) -> None:
    """Adds deeds, each person, listing and kind at most once among them.

    Args:
        once: a deed that is known already counts no second time (who buys twice likes it no more).
    """
    await uow.execute(
        f"""
        INSERT INTO recommendations.deeds AS d (person, listing_id, kind, times, at, noted_at)
        SELECT n.*, %(now)s
        FROM unnest(%(people)s::text[], %(listings)s::text[], %(kinds)s::text[],
            %(times)s::integer[], %(ats)s::timestamptz[]) AS n(person, listing_id, kind, times, at)
        ON CONFLICT (person, listing_id, kind) DO UPDATE SET
            times = {"d.times" if once else "least(d.times + excluded.times, 1000000)"},
            at = greatest(d.at, excluded.at), noted_at = excluded.noted_at
        """,
        people=[deed.person for deed in deeds],
        listings=[deed.listing_id for deed in deeds],
        kinds=[deed.kind for deed in deeds],
        times=[deed.times for deed in deeds],
        ats=[deed.at for deed in deeds],
        now=uow.now,
    )


async def forget(uow: UnitOfWork, deeds: Collection[tuple[str, str, Signal]]) -> None:
    """Takes back deeds (favourites that are none any more, refunds): person, listing and kind."""
    await uow.execute(
        """
        DELETE FROM recommendations.deeds d
        USING unnest(%(people)s::text[], %(listings)s::text[], %(kinds)s::text[])
            AS gone(person, listing_id, kind)
        WHERE (d.person, d.listing_id, d.kind) = (gone.person, gone.listing_id, gone.kind)
        """,
        people=[person for person, _, _ in deeds],
        listings=[listing_id for _, listing_id, _ in deeds],
        kinds=[kind for _, _, kind in deeds],
    )


async def forget_before(uow: UnitOfWork, *, keep_days: int, keep_visitors_days: int) -> None:
    """Forgets what is long ago; of visitors without an account earlier."""
    await uow.execute(
        """
        DELETE FROM recommendations.deeds
        WHERE at < %(people)s OR (starts_with(person, 'vis_') AND at < %(visitors)s)
        """,
        people=uow.now - timedelta(days=keep_days),
        visitors=uow.now - timedelta(days=keep_visitors_days),
    )


async def latest_of(uow: UnitOfWork, people: Collection[str], *, limit: int) -> list[Deed]:
    """The latest deeds of these people, the last one first."""
    return await uow.all(
        Deed,
        """
        SELECT person, listing_id, kind, times, at FROM recommendations.deeds
        WHERE person = ANY(%(people)s) ORDER BY at DESC, listing_id LIMIT %(limit)s
        """,
        people=list(people),
        limit=limit,
    )


async def deeds_after(
    uow: UnitOfWork, after: tuple[str, str, str], *, since: datetime, limit: int
) -> list[Deed]:
    """All deeds since a time, in the order of people (system scope): to learn from."""
    person, listing_id, kind = after
    return await uow.all(
        Deed,
        """
        SELECT person, listing_id, kind, times, at FROM recommendations.deeds
        WHERE (person, listing_id, kind) > (%(person)s, %(listing_id)s, %(kind)s)
          AND at >= %(since)s
        ORDER BY person, listing_id, kind LIMIT %(limit)s
        """,
        person=person,
        listing_id=listing_id,
        kind=kind,
        since=since,
        limit=limit,
    )


async def earliest_of_last(uow: UnitOfWork, *, limit: int) -> datetime | None:
    """The time of the oldest among the last so many deeds; None when there are fewer."""
    found: datetime | None = await uow.value(
        "SELECT at FROM recommendations.deeds ORDER BY at DESC OFFSET %(limit)s LIMIT 1",
        limit=limit,
    )
    return found


async def count(uow: UnitOfWork, *, noted_after: datetime | None = None) -> int:
    """How many deeds there are, or were noted since (system scope)."""
    return int(
        await uow.value(
            """
            SELECT count(*) FROM recommendations.deeds
            WHERE %(after)s::timestamptz IS NULL OR noted_at > %(after)s
            """,
            after=noted_after,
        )
    )


async def cursor(uow: UnitOfWork) -> str | None:
    """How far analytics has been read; locked until this transaction ends."""
    found: str | None = await uow.value(
        "SELECT cursor FROM recommendations.progress WHERE reader = 'analytics' FOR UPDATE"
    )
    return found


async def move_cursor(uow: UnitOfWork, to: str) -> None:
    await uow.execute(
        "UPDATE recommendations.progress SET cursor = %(to)s WHERE reader = 'analytics'", to=to
    )


async def add_model(uow: UnitOfWork, row: ModelRow) -> None:
    """Notes a model and tells every process of it."""
    await uow.execute(
        """
        INSERT INTO recommendations.models
            (version, people, listings, interactions, took_s, trained_at)
        VALUES (%(version)s, %(people)s, %(listings)s, %(interactions)s, %(took_s)s,
            %(trained_at)s)
        """,
        **{name: getattr(row, name) for name in ModelRow.__struct_fields__},
    )
    await uow.execute("SELECT pg_notify(%(channel)s, '')", channel=CHANNEL)


async def latest_model(uow: UnitOfWork) -> ModelRow | None:
    return await uow.one_or_none(
        ModelRow,
        """
        SELECT version, people, listings, interactions, took_s, trained_at
        FROM recommendations.models ORDER BY trained_at DESC LIMIT 1
        """,
    )
