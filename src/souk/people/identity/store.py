"""The SQL of accounts."""

from collections.abc import Sequence

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.ids import UserId
from souk.people.identity.api import UserFacts

_FIELDS = "id, email, name, bio, roles, organisation_id, created_at"


class PasswordRow(msgspec.Struct, frozen=True):
    id: UserId
    password_hash: str


async def insert(uow: UnitOfWork, user: UserFacts, *, password_hash: str) -> bool:
    """Adds a user; False when the e-mail address is taken."""
    touched = await uow.execute(
        """
        INSERT INTO people.users
            (id, email, name, bio, roles, organisation_id, password_hash, created_at)
        VALUES (%(id)s, %(email)s, %(name)s, %(bio)s, %(roles)s, %(organisation_id)s, %(hash)s,
                %(created_at)s)
        ON CONFLICT (email) DO NOTHING
        """,
        hash=password_hash,
        **msgspec.structs.asdict(user),
    )
    return touched == 1


async def get(uow: UnitOfWork, user_id: UserId) -> UserFacts | None:
    return await uow.one_or_none(
        UserFacts, f"SELECT {_FIELDS} FROM people.users WHERE id = %(id)s", id=user_id
    )


async def many(uow: UnitOfWork, user_ids: Sequence[str]) -> list[UserFacts]:
    return await uow.all(
        UserFacts,
        f"SELECT {_FIELDS} FROM people.users WHERE id = ANY(%(ids)s)",
        ids=list(user_ids),
    )


async def password_of(uow: UnitOfWork, email: str) -> PasswordRow | None:
    return await uow.one_or_none(
        PasswordRow,
        "SELECT id, password_hash FROM people.users WHERE email = %(email)s",
        email=email,
    )


async def set_password(uow: UnitOfWork, user_id: UserId, *, password_hash: str) -> None:
    await uow.execute(
        "UPDATE people.users SET password_hash = %(hash)s WHERE id = %(id)s",
        id=user_id,
        hash=password_hash,
    )


async def update(uow: UnitOfWork, user_id: UserId, *, name: str | None, bio: str | None) -> None:
    await uow.execute(
        """
        UPDATE people.users
        SET name = coalesce(%(name)s, name), bio = coalesce(%(bio)s, bio) WHERE id = %(id)s
        """,
        id=user_id,
        name=name,
        bio=bio,
    )


async def set_roles(uow: UnitOfWork, user_id: UserId, *, roles: Sequence[str]) -> bool:
    touched = await uow.execute(
        "UPDATE people.users SET roles = %(roles)s WHERE id = %(id)s",
        id=user_id,
        roles=list(roles),
    )
    return touched == 1


async def with_role(uow: UnitOfWork, role: str) -> list[UserId]:
    found = await uow.values(
        "SELECT id FROM people.users WHERE roles @> ARRAY[%(role)s] ORDER BY id LIMIT 1000",
        role=role,
    )
    return [UserId(one) for one in found]


async def page(uow: UnitOfWork, *, query: str, before: str | None, limit: int) -> list[UserFacts]:
    return await uow.all(
        UserFacts,
        f"""
        SELECT {_FIELDS} FROM people.users
        WHERE (%(before)s::text IS NULL OR id < %(before)s)
          AND (%(query)s = '' OR strpos(email, lower(%(query)s)) > 0
               OR strpos(lower(name), lower(%(query)s)) > 0)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        query=query,
        before=before,
        limit=limit,
    )
