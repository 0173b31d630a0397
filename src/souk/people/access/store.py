"""The SQL of sessions and API keys."""

from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.ids import ApiKeyId, SessionId, UserId


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    id: SessionId
    user_id: UserId
    kind: str
    secret_hash: bytes
    previous_hash: bytes | None
    expires_at: datetime
    revoked_at: datetime | None


class ApiKeyRow(msgspec.Struct, frozen=True, kw_only=True):
    id: ApiKeyId
    user_id: UserId
    name: str
    hint: str
    secret_hash: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class CallerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A user with roles and memberships, in one read."""

    id: UserId
    name: str
    email: str
    roles: list[str]
    organisation_id: str
    organisation_ids: list[str]
    member_roles: list[str]


_SESSION = """
    SELECT id, user_id, kind, secret_hash, previous_hash, expires_at, revoked_at
    FROM people.sessions
"""
_KEY = """
    SELECT id, user_id, name, hint, secret_hash, created_at, expires_at, last_used_at, revoked_at
    FROM people.api_keys
"""


async def caller(uow: UnitOfWork, user_id: str) -> CallerRow | None:
    return await uow.one_or_none(
        CallerRow,
        """
        SELECT u.id, u.name, u.email, u.roles, u.organisation_id,
               array_agg(m.organisation_id ORDER BY m.organisation_id) AS organisation_ids,
               array_agg(m.role ORDER BY m.organisation_id) AS member_roles
        FROM people.users u JOIN people.memberships m ON m.user_id = u.id
        WHERE u.id = %(id)s GROUP BY u.id
        """,
        id=user_id,
    )


async def insert_session(
    uow: UnitOfWork,
    *,
    session_id: SessionId,
    user_id: UserId,
    kind: str,
    secret_hash: bytes,
    expires_at: datetime,
) -> None:
    await uow.execute(
        """
        INSERT INTO people.sessions (id, user_id, kind, secret_hash, created_at, expires_at)
        VALUES (%(id)s, %(user_id)s, %(kind)s, %(hash)s, %(now)s, %(expires_at)s)
        """,
        id=session_id,
        user_id=user_id,
        kind=kind,
        hash=secret_hash,
        now=uow.now,
        expires_at=expires_at,
    )


async def session(uow: UnitOfWork, session_id: str) -> SessionRow | None:
    return await uow.one_or_none(SessionRow, f"{_SESSION} WHERE id = %(id)s", id=session_id)


async def lock_session(uow: UnitOfWork, session_id: str) -> SessionRow | None:
    return await uow.one_or_none(
        SessionRow, f"{_SESSION} WHERE id = %(id)s FOR UPDATE", id=session_id
    )


async def rotate_session(
    uow: UnitOfWork, session_id: SessionId, *, secret_hash: bytes, expires_at: datetime
) -> None:
    await uow.execute(
        """
        UPDATE people.sessions
        SET previous_hash = secret_hash, secret_hash = %(hash)s, expires_at = %(expires_at)s
        WHERE id = %(id)s
        """,
        id=session_id,
        hash=secret_hash,
        expires_at=expires_at,
    )


async def revoke_session(uow: UnitOfWork, session_id: str) -> None:
    await uow.execute(
        "UPDATE people.sessions SET revoked_at = %(now)s WHERE id = %(id)s AND revoked_at IS NULL",
        id=session_id,
        now=uow.now,
    )


async def revoke_sessions_of(uow: UnitOfWork, user_id: str) -> None:
    await uow.execute(
        """
        UPDATE people.sessions SET revoked_at = %(now)s
        WHERE user_id = %(user_id)s AND revoked_at IS NULL
        """,
        user_id=user_id,
        now=uow.now,
    )


async def forget_sessions(uow: UnitOfWork, *, before: datetime) -> int:
    return await uow.execute(
        "DELETE FROM people.sessions WHERE expires_at < %(before)s OR revoked_at < %(before)s",
        before=before,
    )


async def insert_key(uow: UnitOfWork, row: ApiKeyRow) -> None:
    await uow.execute(
        """
        INSERT INTO people.api_keys
            (id, user_id, name, hint, secret_hash, created_at, expires_at)
        VALUES (%(id)s, %(user_id)s, %(name)s, %(hint)s, %(secret_hash)s, %(created_at)s,
                %(expires_at)s)
        """,
        **msgspec.structs.asdict(row),
    )


async def key(uow: UnitOfWork, key_id: str) -> ApiKeyRow | None:
    return await uow.one_or_none(ApiKeyRow, f"{_KEY} WHERE id = %(id)s", id=key_id)


async def keys_of(uow: UnitOfWork, user_id: UserId) -> list[ApiKeyRow]:
    return await uow.all(
        ApiKeyRow,
        f"{_KEY} WHERE user_id = %(user_id)s AND revoked_at IS NULL ORDER BY id DESC",
        user_id=user_id,
    )


async def revoke_key(uow: UnitOfWork, *, key_id: str, user_id: UserId) -> bool:
    touched = await uow.execute(
        """
        UPDATE people.api_keys SET revoked_at = %(now)s
        WHERE id = %(id)s AND user_id = %(user_id)s AND revoked_at IS NULL
        """,
        id=key_id,
        user_id=user_id,
        now=uow.now,
    )
    return touched == 1


async def mark_key_used(uow: UnitOfWork, key_id: str) -> None:
    await uow.execute(
        "UPDATE people.api_keys SET last_used_at = %(now)s WHERE id = %(id)s",
        id=key_id,
        now=uow.now,
    )
