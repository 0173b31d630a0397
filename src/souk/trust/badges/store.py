"""The SQL of checks."""

from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.trust.badges.model import Outcome


class PendingIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """A seller that waits for the operator."""

    organisation_id: str
    subject: str
    requested_at: datetime


class OldCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A website that was proved a while ago."""

    organisation_id: str
    subject: str


async def outcomes(uow: UnitOfWork, organisation_id: str) -> dict[str, Outcome]:
    """How a seller's checks ended, by kind; for anybody."""
    found = await uow.all(
        Outcome,
        """
        SELECT kind, state, subject, outcome, requested_at, checked_at, checked_name
        FROM badges.outcomes(%(id)s)
        """,
        id=organisation_id,
    )
    return {one.kind: one for one in found}


async def ask(uow: UnitOfWork, organisation_id: str, kind: str, *, subject: str) -> None:
    """Notes that a check is wanted, in the place of what was known."""
    await uow.execute(
        """
        INSERT INTO badges.checks (organisation_id, kind, state, subject, requested_at)
        VALUES (%(id)s, %(kind)s, 'pending', %(subject)s, %(now)s)
        ON CONFLICT (organisation_id, kind) DO UPDATE
        SET state = 'pending', subject = excluded.subject, outcome = '',
            requested_at = excluded.requested_at, checked_at = NULL, checked_by = NULL,
            checked_name = NULL
        """,
        id=organisation_id,
        kind=kind,
        subject=subject,
        now=uow.now,
    )


async def drop(uow: UnitOfWork, organisation_id: str, kind: str) -> None:
    """Forgets a check."""
    await uow.execute(
        "DELETE FROM badges.checks WHERE organisation_id = %(id)s AND kind = %(kind)s",
        id=organisation_id,
        kind=kind,
    )


async def settle(
    uow: UnitOfWork,
    organisation_id: str,
    kind: str,
    *,
    passed: bool,
    outcome: str,
    checked_by: str,
    checked_name: str | None = None,
    subject: str | None = None,
) -> bool:
    """Says how a check ended (system scope); False when it is no longer the one that was asked.

    Args:
        checked_name: what the seller was called then.
        subject: what was looked at; None for a check that waits for a decision.
    """
    changed = await uow.execute(
        """
        UPDATE badges.checks
        SET state = %(state)s, outcome = %(outcome)s, checked_at = %(now)s, checked_by = %(by)s,
            checked_name = %(name)s
        WHERE organisation_id = %(id)s AND kind = %(kind)s
            AND (%(subject)s::text IS NOT NULL OR state = 'pending')
            AND (%(subject)s::text IS NULL OR subject = %(subject)s)
        """,
        id=organisation_id,
        kind=kind,
        state="passed" if passed else "failed",
        outcome=outcome[:500],
        by=checked_by,
        name=checked_name,
        subject=subject,
        now=uow.now,
    )
    return changed == 1


async def pending_identities(
    uow: UnitOfWork, *, after: tuple[datetime, str] | None, limit: int
) -> list[PendingIdentity]:
    """Who waits for the operator, the longest first (system scope)."""
    at, organisation_id = after or (None, "")
    return await uow.all(
        PendingIdentity,
        """
        SELECT organisation_id, subject, requested_at FROM badges.checks
        WHERE kind = 'identity' AND state = 'pending' AND (
            %(at)s::timestamptz IS NULL
            OR (requested_at, organisation_id) > (%(at)s::timestamptz, %(id)s)
        )
        ORDER BY requested_at, organisation_id LIMIT %(limit)s
        """,
        at=at,
        id=organisation_id,
        limit=limit,
    )


async def proved_before(uow: UnitOfWork, before: datetime, *, limit: int) -> list[OldCheck]:
    """Websites that were proved before this moment (system scope)."""
    return await uow.all(
        OldCheck,
        """
        SELECT organisation_id, subject FROM badges.checks
        WHERE kind = 'website' AND state = 'passed' AND checked_at < %(before)s
        ORDER BY checked_at LIMIT %(limit)s
        """,
        before=before,
        limit=limit,
    )
