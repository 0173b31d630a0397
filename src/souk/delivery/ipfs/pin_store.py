"""The SQL of pins."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork, json_value
from souk_client.contracts.ipfs import PinState

_COLUMNS = """
    id, organisation_id, user_id, cid, root, name, origins, meta, state, details, attempts,
    created_at
"""


class PinRow(msgspec.Struct, frozen=True, kw_only=True):
    """A pin as it is stored."""

    id: str
    organisation_id: str
    user_id: str
    cid: str
    root: bytes
    name: str | None
    origins: list[str]
    meta: dict[str, str]
    state: PinState
    details: str
    attempts: int
    created_at: datetime


class PinFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which pins of an organisation are looked for."""

    roots: Sequence[bytes] | None = None
    name: str | None = None
    match: str = "exact"
    states: Sequence[str] = ("pinned",)
    before: datetime | None = None
    after: datetime | None = None
    meta: dict[str, str] | None = None


_WHERE = """
    organisation_id = %(organisation_id)s
    AND (%(roots)s::bytea[] IS NULL OR root = ANY(%(roots)s))
    AND state = ANY(%(states)s)
    AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s)
    AND (%(after)s::timestamptz IS NULL OR created_at > %(after)s)
    AND (%(meta)s::jsonb IS NULL OR meta @> %(meta)s)
    AND CASE WHEN %(name)s::text IS NULL THEN true
        WHEN %(match)s = 'exact' THEN name = %(name)s
        WHEN %(match)s = 'iexact' THEN lower(name) = lower(%(name)s)
        WHEN %(match)s = 'partial' THEN position(%(name)s in name) > 0
        ELSE position(lower(%(name)s) in lower(name)) > 0 END
"""


async def add(uow: UnitOfWork, row: PinRow, *, due_at: datetime | None) -> PinRow:
    """A new pin; its time is moved on until no other pin of the organisation has it."""
    return await uow.one(
        PinRow,
        f"""
        INSERT INTO ipfs.pins ({_COLUMNS}, due_at)
        VALUES (%(id)s, %(organisation_id)s, %(user_id)s, %(cid)s, %(root)s, %(name)s,
            %(origins)s, %(meta)s, %(state)s, %(details)s, 0,
            greatest(%(created_at)s::timestamptz, (
                SELECT max(created_at) + interval '1 microsecond' FROM ipfs.pins
                WHERE organisation_id = %(organisation_id)s
            )), %(due_at)s)
        RETURNING {_COLUMNS}
        """,
        id=row.id,
        organisation_id=row.organisation_id,
        user_id=row.user_id,
        cid=row.cid,
        root=row.root,
        name=row.name,
        origins=json_value(row.origins),
        meta=json_value(row.meta),
        state=row.state,
        details=row.details,
        created_at=row.created_at,
        due_at=due_at,
    )


async def lock(uow: UnitOfWork, organisation_id: str) -> int:
    """How many pins an organisation has; nobody else adds one until this transaction ends."""
    await uow.execute("SELECT pg_advisory_xact_lock(731028, hashtext(%(id)s))", id=organisation_id)
    return int(
        await uow.value(
            "SELECT count(*) FROM ipfs.pins WHERE organisation_id = %(id)s", id=organisation_id
        )
    )


async def find(uow: UnitOfWork, organisation_id: str, pin_id: str) -> PinRow | None:
    """A pin of an organisation."""
    return await uow.one_or_none(
        PinRow,
        f"""
        SELECT {_COLUMNS} FROM ipfs.pins
        WHERE id = %(id)s AND organisation_id = %(organisation_id)s
        """,
        id=pin_id,
        organisation_id=organisation_id,
    )


async def search(
    uow: UnitOfWork, organisation_id: str, wanted: PinFilter, *, limit: int
) -> tuple[int, list[PinRow]]:
    """How many pins there are, and the newest of them."""
    values = {
        "organisation_id": organisation_id,
        "roots": None if wanted.roots is None else list(wanted.roots),
        "states": list(wanted.states),
        "before": wanted.before,
        "after": wanted.after,
        "meta": None if wanted.meta is None else json_value(wanted.meta),
        "name": wanted.name,
        "match": wanted.match,
    }
    count = await uow.value(f"SELECT count(*) FROM ipfs.pins WHERE {_WHERE}", **values)
    rows = await uow.all(
        PinRow,
        f"SELECT {_COLUMNS} FROM ipfs.pins WHERE {_WHERE} ORDER BY created_at DESC LIMIT %(n)s",
        **values,
        n=limit,
    )
    return int(count), rows


async def remove(uow: UnitOfWork, organisation_id: str, pin_id: str) -> bool:
    """Ends a pin; False when there was none."""
    removed = await uow.execute(
        "DELETE FROM ipfs.pins WHERE id = %(id)s AND organisation_id = %(organisation_id)s",
        id=pin_id,
        organisation_id=organisation_id,
    )
    return removed == 1


async def claim(uow: UnitOfWork, *, until: datetime) -> PinRow | None:
    """Takes one pin that is due (system scope); nobody else gets it before `until`."""
    return await uow.one_or_none(
        PinRow,
        f"""
        UPDATE ipfs.pins SET state = 'pinning', due_at = %(until)s, attempts = attempts + 1
        WHERE id = (
            SELECT id FROM ipfs.pins WHERE due_at <= %(now)s
            ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        RETURNING {_COLUMNS}
        """,
        now=uow.now,
        until=until,
    )


async def note(
    uow: UnitOfWork, pin_id: str, *, state: PinState, details: str, due_at: datetime | None
) -> None:
    """How it went (system scope)."""
    await uow.execute(
        """
        UPDATE ipfs.pins SET state = %(state)s, details = %(details)s, due_at = %(due_at)s
        WHERE id = %(id)s
        """,
        id=pin_id,
        state=state,
        details=details[:500],
        due_at=due_at,
    )
