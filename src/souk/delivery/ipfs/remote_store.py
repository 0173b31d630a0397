"""The SQL of pins at a service elsewhere (system scope)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk_client.contracts.ipfs import RemotePin

RemoteState = Literal["waiting", "queued", "pinning", "pinned", "failed", "removed"]
_COLUMNS = "version_id, listing_id, organisation_id, cid, request_id, state, details, attempts"


class RemoteRow(msgspec.Struct, frozen=True, kw_only=True):
    """A version that a service elsewhere shall keep, or no longer keep."""

    version_id: str
    listing_id: str
    organisation_id: str
    cid: str
    request_id: str | None = None
    state: RemoteState = "waiting"
    details: str = ""
    attempts: int = 0

    def shown(self) -> RemotePin:
        """As the API gives it."""
        return RemotePin(state=self.state, details=self.details)


async def of_version(uow: UnitOfWork, version_id: str) -> RemoteRow | None:
    """The pin of a version."""
    return await uow.one_or_none(
        RemoteRow,
        f"SELECT {_COLUMNS} FROM ipfs.remote_pins WHERE version_id = %(id)s",
        id=version_id,
    )


async def add(uow: UnitOfWork, rows: Sequence[RemoteRow]) -> None:
    """Versions that shall be pinned; one that is known already stays as it is."""
    await uow.execute(
        """
        INSERT INTO ipfs.remote_pins
            (version_id, listing_id, organisation_id, cid, state, due_at, updated_at)
        SELECT n.*, 'waiting', %(now)s, %(now)s
        FROM unnest(%(ids)s::text[], %(listing_ids)s::text[], %(organisation_ids)s::text[],
            %(cids)s::text[]) AS n
        ON CONFLICT (version_id) DO NOTHING
        """,
        now=uow.now,
        ids=[row.version_id for row in rows],
        listing_ids=[row.listing_id for row in rows],
        organisation_ids=[row.organisation_id for row in rows],
        cids=[row.cid for row in rows],
    )


async def look_again(uow: UnitOfWork, listing_ids: Sequence[str]) -> int:
    """Has the pins of these listings compared with who may have them now; answers how many."""
    return await uow.execute(
        """
        UPDATE ipfs.remote_pins SET due_at = %(now)s, attempts = least(attempts, 1)
        WHERE listing_id = ANY(%(ids)s)
        """,
        ids=list(listing_ids),
        now=uow.now,
    )


async def claim(uow: UnitOfWork, *, until: datetime, limit: int) -> list[RemoteRow]:
    """Takes pins that are due; nobody else gets them before `until`."""
    return await uow.all(
        RemoteRow,
        f"""
        UPDATE ipfs.remote_pins SET due_at = %(until)s, attempts = attempts + 1
        WHERE version_id IN (
            SELECT version_id FROM ipfs.remote_pins WHERE due_at <= %(now)s
            ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        )
        RETURNING {_COLUMNS}
        """,
        now=uow.now,
        until=until,
        limit=limit,
    )


async def note(
    uow: UnitOfWork,
    version_id: str,
    *,
    state: RemoteState,
    request_id: str | None,
    details: str,
    helped: bool,
    due_at: datetime | None,
    was_due_at: datetime,
) -> None:
    """How it went, and when to look again; a newer wish to look again is kept."""
    await uow.execute(
        """
        UPDATE ipfs.remote_pins
        SET state = %(state)s, request_id = %(request_id)s, details = %(details)s,
            attempts = CASE WHEN %(helped)s THEN 1 ELSE attempts END,
            due_at = CASE WHEN due_at = %(was_due_at)s THEN %(due_at)s ELSE due_at END,
            updated_at = %(now)s
        WHERE version_id = %(id)s
        """,
        id=version_id,
        state=state,
        request_id=request_id,
        details=details[:500],
        due_at=due_at,
        was_due_at=was_due_at,
        helped=helped,
        now=uow.now,
    )
