"""The SQL of wallets."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.ids import LinkedWalletId, UserId
from souk.people.wallets.api import WalletFacts

_FIELDS = "id, user_id, address, kind, chain_id, name, published, linked_at, last_used_at"


class ChallengeRow(msgspec.Struct, frozen=True, kw_only=True):
    nonce: str
    purpose: str
    user_id: str | None
    statement: str
    expires_at: datetime
    used_at: datetime | None


async def insert_challenge(uow: UnitOfWork, row: ChallengeRow) -> None:
    await uow.execute(
        """
        INSERT INTO people.wallet_challenges
            (nonce, purpose, user_id, statement, created_at, expires_at)
        VALUES (%(nonce)s, %(purpose)s, %(user_id)s, %(statement)s, %(now)s, %(expires_at)s)
        """,
        nonce=row.nonce,
        purpose=row.purpose,
        user_id=row.user_id,
        statement=row.statement,
        now=uow.now,
        expires_at=row.expires_at,
    )


async def lock_challenge(uow: UnitOfWork, nonce: str) -> ChallengeRow | None:
    """The challenge, for this transaction alone: a second use waits for what the first does."""
    return await uow.one_or_none(
        ChallengeRow,
        """
        SELECT nonce, purpose, user_id, statement, expires_at, used_at
        FROM people.wallet_challenges WHERE nonce = %(nonce)s FOR UPDATE
        """,
        nonce=nonce,
    )


async def use_challenge(uow: UnitOfWork, nonce: str) -> None:
    await uow.execute(
        "UPDATE people.wallet_challenges SET used_at = %(now)s WHERE nonce = %(nonce)s",
        nonce=nonce,
        now=uow.now,
    )


async def forget_challenges(uow: UnitOfWork, *, before: datetime) -> int:
    return await uow.execute(
        "DELETE FROM people.wallet_challenges WHERE expires_at < %(before)s", before=before
    )


async def insert(uow: UnitOfWork, wallet: WalletFacts) -> bool:
    """Adds a wallet; False when it belongs to an account already."""
    touched = await uow.execute(
        f"""
        INSERT INTO people.wallets ({_FIELDS})
        VALUES (%(id)s, %(user_id)s, %(address)s, %(kind)s, %(chain_id)s, %(name)s, %(published)s,
                %(linked_at)s, %(last_used_at)s)
        ON CONFLICT (address) DO NOTHING
        """,
        **msgspec.structs.asdict(wallet),
    )
    return touched == 1


async def lock_user(uow: UnitOfWork, user_id: UserId) -> None:
    """Lets nobody else count this user's wallets until the transaction ends."""
    await uow.execute("SELECT 1 FROM people.users WHERE id = %(id)s FOR NO KEY UPDATE", id=user_id)


async def of_user(uow: UnitOfWork, user_id: UserId) -> list[WalletFacts]:
    return await uow.all(
        WalletFacts,
        f"SELECT {_FIELDS} FROM people.wallets WHERE user_id = %(user_id)s ORDER BY id DESC",
        user_id=user_id,
    )


async def of_users(uow: UnitOfWork, user_ids: Sequence[str]) -> list[WalletFacts]:
    return await uow.all(
        WalletFacts,
        f"SELECT {_FIELDS} FROM people.wallets WHERE user_id = ANY(%(ids)s) ORDER BY id DESC",
        ids=list(user_ids),
    )


async def published_of(uow: UnitOfWork, organisation_id: str) -> list[WalletFacts]:
    """What the owner of a personal organisation shows of their wallets, oldest first."""
    return await uow.all(
        WalletFacts,
        f"""
        SELECT {_FIELDS} FROM people.wallets
        WHERE published AND user_id IN
            (SELECT u.id FROM people.users u WHERE u.organisation_id = %(organisation_id)s)
        ORDER BY id
        """,
        organisation_id=organisation_id,
    )


async def by_address(uow: UnitOfWork, address: str) -> WalletFacts | None:
    return await uow.one_or_none(
        WalletFacts,
        f"SELECT {_FIELDS} FROM people.wallets WHERE address = %(address)s",
        address=address,
    )


async def change(
    uow: UnitOfWork, wallet_id: str, *, user_id: UserId, name: str | None, published: bool | None
) -> WalletFacts | None:
    return await uow.one_or_none(
        WalletFacts,
        f"""
        UPDATE people.wallets
        SET name = coalesce(%(name)s, name), published = coalesce(%(published)s, published)
        WHERE id = %(id)s AND user_id = %(user_id)s RETURNING {_FIELDS}
        """,
        id=wallet_id,
        user_id=user_id,
        name=name,
        published=published,
    )


async def mark_used(uow: UnitOfWork, wallet_id: LinkedWalletId) -> None:
    await uow.execute(
        "UPDATE people.wallets SET last_used_at = %(now)s WHERE id = %(id)s",
        id=wallet_id,
        now=uow.now,
    )


async def delete(uow: UnitOfWork, wallet_id: str, *, user_id: UserId) -> WalletFacts | None:
    return await uow.one_or_none(
        WalletFacts,
        f"""
        DELETE FROM people.wallets WHERE id = %(id)s AND user_id = %(user_id)s RETURNING {_FIELDS}
        """,
        id=wallet_id,
        user_id=user_id,
    )
