"""The keyring's SQL."""

from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork


class KeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A stored key pair; the private half is sealed."""

    id: str
    purpose: str
    public_key: bytes
    private_key_sealed: bytes
    signs_until: datetime | None


async def keys(uow: UnitOfWork) -> list[KeyRow]:
    """Every key that still verifies, oldest first."""
    return await uow.all(
        KeyRow,
        """
        SELECT id, purpose, public_key, private_key_sealed, signs_until
        FROM infra.signing_keys
        WHERE verifies_until IS NULL OR verifies_until > %(now)s
        ORDER BY created_at, id
        """,
        now=uow.now,
    )


async def add_key(
    uow: UnitOfWork, *, kid: str, purpose: str, public_key: bytes, private_key_sealed: bytes
) -> bool:
    """Adds the key that signs from now on; False when another process was first."""
    touched = await uow.execute(
        """
        INSERT INTO infra.signing_keys (id, purpose, public_key, private_key_sealed, created_at)
        VALUES (%(id)s, %(purpose)s, %(public_key)s, %(private_key_sealed)s, %(now)s)
        ON CONFLICT (purpose) WHERE signs_until IS NULL DO NOTHING
        """,
        id=kid,
        purpose=purpose,
        public_key=public_key,
        private_key_sealed=private_key_sealed,
        now=uow.now,
    )
    return touched == 1


async def retire_key(
    uow: UnitOfWork, *, purpose: str, kid: str, verifies_until: datetime | None
) -> bool:
    """Ends the signing of this key; False when it had ended before."""
    touched = await uow.execute(
        """
        UPDATE infra.signing_keys SET signs_until = %(now)s, verifies_until = %(verifies_until)s
        WHERE purpose = %(purpose)s AND id = %(id)s AND signs_until IS NULL
        """,
        purpose=purpose,
        id=kid,
        now=uow.now,
        verifies_until=verifies_until,
    )
    return touched == 1


async def made_at(uow: UnitOfWork, kid: str) -> datetime | None:
    """When a key was made."""
    found: datetime | None = await uow.value(
        "SELECT created_at FROM infra.signing_keys WHERE id = %(id)s", id=kid
    )
    return found
