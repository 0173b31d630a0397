"""The SQL of credentials."""

from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.ids import CredentialId

_FIELDS = """
    id, owner_organisation_id, list_number, list_index, token, issued_by, issued_at, expires_at,
    revoked_at
"""


class CredentialRow(msgspec.Struct, frozen=True, kw_only=True):
    id: CredentialId
    owner_organisation_id: str
    list_number: int
    list_index: int
    token: str
    issued_by: str
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


async def insert(uow: UnitOfWork, row: CredentialRow) -> None:
    await uow.execute(
        f"""
        INSERT INTO badges.credentials ({_FIELDS}, checked_at)
        VALUES (%(id)s, %(owner_organisation_id)s, %(list_number)s, %(list_index)s, %(token)s,
                %(issued_by)s, %(issued_at)s, %(expires_at)s, %(revoked_at)s, %(issued_at)s)
        """,
        **msgspec.structs.asdict(row),
    )


async def newest_list(uow: UnitOfWork) -> tuple[int, int]:
    """The newest list, and how many of its places are taken."""
    number = await uow.value("SELECT coalesce(max(list_number), 1) FROM badges.credentials")
    taken = await uow.value(
        "SELECT count(*) FROM badges.credentials WHERE list_number = %(number)s", number=number
    )
    return number, taken


async def is_taken(uow: UnitOfWork, *, number: int, index: int) -> bool:
    found = await uow.value(
        """
        SELECT true FROM badges.credentials
        WHERE list_number = %(number)s AND list_index = %(index)s
        """,
        number=number,
        index=index,
    )
    return found is not None


async def lock_places(uow: UnitOfWork) -> None:
    """Lets nobody else choose a place, or a seller's live credential, until the end."""
    await uow.execute("SELECT pg_advisory_xact_lock(hashtext('badges.credentials'))")


async def live(uow: UnitOfWork, organisation_id: str) -> CredentialRow | None:
    return await uow.one_or_none(
        CredentialRow,
        f"""
        SELECT {_FIELDS} FROM badges.credentials
        WHERE owner_organisation_id = %(organisation_id)s AND revoked_at IS NULL
          AND expires_at > %(now)s
        """,
        organisation_id=organisation_id,
        now=uow.now,
    )


async def revoke(uow: UnitOfWork, organisation_id: str, *, reason: str) -> int:
    """Revokes what is live of a seller, and what has expired beside it."""
    return await uow.execute(
        """
        UPDATE badges.credentials SET revoked_at = %(now)s, revoked_reason = %(reason)s
        WHERE owner_organisation_id = %(organisation_id)s AND revoked_at IS NULL
        """,
        organisation_id=organisation_id,
        reason=reason,
        now=uow.now,
    )


async def revoked_of(uow: UnitOfWork, number: int) -> list[int]:
    return await uow.values(
        """
        SELECT list_index FROM badges.credentials
        WHERE list_number = %(number)s AND revoked_at IS NOT NULL
        """,
        number=number,
    )


async def to_check(uow: UnitOfWork, *, before: datetime, limit: int) -> list[str]:
    """Sellers whose live credential was looked at longest ago; marks them as looked at."""
    return await uow.values(
        """
        UPDATE badges.credentials SET checked_at = %(now)s WHERE id IN (
            SELECT id FROM badges.credentials
            WHERE revoked_at IS NULL AND expires_at > %(now)s AND checked_at < %(before)s
            ORDER BY checked_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        ) RETURNING owner_organisation_id
        """,
        before=before,
        limit=limit,
        now=uow.now,
    )
